#include "tools/sum/sum_lines.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace uasio {
namespace {

constexpr size_t kDigits = 64;  // Hexadecimal, of a SHA-256.
constexpr absl::string_view kEscaped = "\\\n\r";

std::string Escaped(absl::string_view name) {
  return absl::StrReplaceAll(name,
                             {{"\\", "\\\\"}, {"\n", "\\n"}, {"\r", "\\r"}});
}

std::optional<std::string> Unescaped(absl::string_view text) {
  std::string name;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      name += c;
    } else if (absl::ConsumePrefix(&text, "\\")) {
      name += '\\';
    } else if (absl::ConsumePrefix(&text, "n")) {
      name += '\n';
    } else if (absl::ConsumePrefix(&text, "r")) {
      name += '\r';
    } else {
      return std::nullopt;
    }
  }
  return name;
}

std::optional<std::string> ParseDigest(absl::string_view text) {
  if (text.size() != kDigits) return std::nullopt;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
      return std::nullopt;
    }
  }
  return absl::AsciiStrToLower(text);
}

void SkipBlanks(absl::string_view* text) {
  while (absl::ConsumePrefix(text, " ") || absl::ConsumePrefix(text, "\t")) {
  }
}

// Splits "SHA256 (NAME) = DIGEST"; the blanks are optional.
bool SplitTagged(absl::string_view text, absl::string_view* digest,
                 absl::string_view* name) {
  if (!absl::ConsumePrefix(&text, "SHA256") &&
      !absl::ConsumePrefix(&text, "SHA2-256")) {  // OpenSSL 3 has this.
    return false;
  }
  absl::ConsumePrefix(&text, " ");
  if (!absl::ConsumePrefix(&text, "(")) return false;
  const size_t end = text.rfind(')');
  if (end == absl::string_view::npos) return false;
  *name = text.substr(0, end);
  text.remove_prefix(end + 1);
  SkipBlanks(&text);
  if (!absl::ConsumePrefix(&text, "=")) return false;
  SkipBlanks(&text);
  *digest = text;
  return true;
}

// Splits "DIGEST REST"; the blank may be a tab.
bool SplitPlain(absl::string_view text, absl::string_view* digest,
                absl::string_view* rest) {
  if (text.size() <= kDigits) return false;
  if (text[kDigits] != ' ' && text[kDigits] != '\t') return false;
  *digest = text.substr(0, kDigits);
  *rest = text.substr(kDigits + 1);
  return true;
}

}  // namespace

std::string FormatSumLine(const SumLine& line) {
  const bool plain =
      line.name.find_first_of(std::string(kEscaped)) == std::string::npos;
  return absl::StrCat(plain ? "" : "\\", line.digest, "  ",
                      plain ? line.name : Escaped(line.name), "\n");
}

std::string FormatSumLineZero(const SumLine& line) {
  return absl::StrCat(line.digest, "  ", line.name, absl::string_view("", 1));
}

// `text` follows "DIGEST ".  Skips the type character before the name (" " for
// text, "*" for binary) if the style has one.  Returns false if no name
// follows.
bool SumLineParser::SkipTypeCharacter(absl::string_view* text) {
  const bool two =
      text->size() > 1 && (text->front() == ' ' || text->front() == '*');
  if (two && style_ != Style::kOneBlank) {
    style_ = Style::kTwoCharacters;
    text->remove_prefix(1);
    return true;
  }
  if (text->empty() || style_ == Style::kTwoCharacters) return false;
  style_ = Style::kOneBlank;
  return true;
}

std::optional<SumLine> SumLineParser::Parse(absl::string_view text) {
  SkipBlanks(&text);
  const bool escaped = absl::ConsumePrefix(&text, "\\");
  absl::string_view digest, name;
  const bool tagged = SplitTagged(text, &digest, &name);
  if (!tagged && !SplitPlain(text, &digest, &name)) return std::nullopt;
  const std::optional<std::string> digits = ParseDigest(digest);
  if (!digits || (!tagged && !SkipTypeCharacter(&name))) return std::nullopt;
  const std::optional<std::string> whole =
      escaped ? Unescaped(name) : std::string(name);
  if (!whole || whole->empty()) return std::nullopt;
  return SumLine{*digits, *whole};
}

std::string OnOneLine(const std::string& name) {
  const std::string escaped = Escaped(name);
  return escaped == name ? name : "\\" + escaped;
}

}  // namespace uasio
