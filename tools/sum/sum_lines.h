// The lines that sha256sum(1) writes and checks: a checksum and a file's name.
//
// Threads:   any.
// Errors:    a line that is none is no value.

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

// "DIGEST  NAME\n".  A name with a backslash, a newline or a carriage return
// has these as \\, \n and \r, and then the line begins with a backslash.
std::string FormatSumLine(const SumLine& line);

// "DIGEST  NAME\0", the name as it is.
std::string FormatSumLineZero(const SumLine& line);

// Reads what FormatSumLine() or sha256sum wrote, also with --binary or --tag,
// or an openssl-dgst(1); or "DIGEST NAME", as BSD's sha256 -r writes it.
class SumLineParser {
 public:
  // A line without its end.  Blanks before it are passed over.  As there may be
  // names that begin with a blank or a "*", the first line that can be one of
  // "DIGEST  NAME" or of "DIGEST NAME" alone says what those behind it are.
  std::optional<SumLine> Parse(absl::string_view text);

 private:
  enum class Style { kUnknown, kTwoCharacters, kOneBlank };

  bool TakeKind(absl::string_view* text);

  Style style_ = Style::kUnknown;
};

// `name` as sha256sum --check says it: on one line.
std::string OnOneLine(const std::string& name);

}  // namespace uasio

#endif  // UASIO_TOOLS_SUM_SUM_LINES_H_
