// The lines that sha256sum(1) writes and checks: a checksum and a file's name.
//
// Threads:   any.
// Errors:    Parse() returns nullopt for a line of another format.

#ifndef UASIO_TOOLS_SUM_SUM_LINES_H_
#define UASIO_TOOLS_SUM_SUM_LINES_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace uasio {

struct SumLine {
  std::string digest;  // In lower-case hexadecimal digits.
  std::string name;
};

// Returns "DIGEST  NAME\n".  A backslash, newline or carriage return in the
// name is written as \\, \n or \r; a line with one of these begins with a
// backslash.
std::string FormatSumLine(const SumLine& line);

// Returns "DIGEST  NAME\0".  The name is not escaped.
std::string FormatSumLineZero(const SumLine& line);

// Parses the lines of FormatSumLine(), of sha256sum (also with --binary or
// --tag) and of openssl-dgst(1), and "DIGEST NAME", as of BSD's sha256 -r.
class SumLineParser {
 public:
  // `text` is a line without its end.  Leading blanks are skipped.  A name may
  // begin with a blank or a "*", so "DIGEST  NAME" is ambiguous: the first
  // untagged line decides how many characters separate the two in all lines.
  std::optional<SumLine> Parse(absl::string_view text);

 private:
  enum class Style { kUnknown, kTwoCharacters, kOneBlank };

  bool SkipTypeCharacter(absl::string_view* text);

  Style style_ = Style::kUnknown;
};

// Returns `name` on one line, escaped as by sha256sum --check of coreutils 9.2
// and newer; older ones escape only names with newlines.
std::string OnOneLine(const std::string& name);

}  // namespace uasio

#endif  // UASIO_TOOLS_SUM_SUM_LINES_H_
