// The command line of the tools: Abseil's flags, and the same manners for all.
//
// A tool exits 0 when it did what it was asked, 1 when that failed, and 2 when
// it was asked wrongly; what went wrong is one line on stderr, which begins
// with the tool's name and has control characters as \xNN.

#ifndef UASIO_TOOLS_COMMON_COMMAND_LINE_H_
#define UASIO_TOOLS_COMMON_COMMAND_LINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace uasio {

// Sets the flags and returns the other arguments.  `usage` is what --help
// prints before the list of flags, and then exits, as by ExitCode(); for a bad
// flag, exits with 2.  Switches of one letter may stand together, like -xy.
// Relative paths are the user's, also under `bazel run`.  A standard fd that is
// closed is taken, so that no other file gets its number.
std::vector<std::string> ParseCommandLine(int argc, char** argv,
                                          absl::string_view usage);

// SIGPIPE and SIGXFSZ: EPIPE and EFBIG can be told of, and cleaned up after.
void IgnoreSignalsOfFailedWrites();

// Prints "TOOL: MESSAGE; see --help" and exits with 2.
[[noreturn]] void ExitWithUsage(absl::string_view message);

// Prints "TOOL: MESSAGE", behind what is on its way to stdout.
void Complain(absl::string_view message);

// The end of main(), and what that returns: complains unless `status` is OK,
// and unless all that was printed has got to where stdout goes.
int ExitCode(const absl::Status& status);

// The type of flags like --buffer=64k: a number of bytes, with an optional k,
// m or g (or K, M, G) for KiB, MiB and GiB.
struct Bytes {
  uint64_t count;
};
bool AbslParseFlag(absl::string_view text, Bytes* bytes, std::string* error);
std::string AbslUnparseFlag(Bytes bytes);

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_COMMAND_LINE_H_
