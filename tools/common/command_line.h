// The command line of the tools: Abseil's flags, exit codes and error messages.
//
// Exit codes: 0: success; 1: the work failed; 2: the command line was wrong.
// Errors:     each is one line on stderr, which begins with the tool's name;
//             control characters are printed as \xNN.

#ifndef UASIO_TOOLS_COMMON_COMMAND_LINE_H_
#define UASIO_TOOLS_COMMON_COMMAND_LINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace uasio {

// Which arguments may be flags, besides those before "--".
enum class FlagsEnd {
  kNever,            // All.
  kAtFirstArgument,  // Those before the first one that is none: a program.
};

// Sets the flags and returns the other arguments.  Boolean flags of one letter
// may be combined, like -xy.
//
// --help prints `usage` and the list of flags, and exits with ExitCode(OK); a
// bad flag exits with 2.  Under `bazel run`, changes to the user's directory,
// so that relative paths work.  Opens /dev/null for each standard fd that is
// closed, so that no other file gets its number.
std::vector<std::string> ParseCommandLine(int argc, char** argv,
                                          absl::string_view usage,
                                          FlagsEnd end = FlagsEnd::kNever);

// Ignores SIGPIPE and SIGXFSZ, so that writes fail with EPIPE and EFBIG, and
// the tool can print the error and clean up.
void IgnoreSignalsOfFailedWrites();

// Prints "TOOL: MESSAGE; see --help" and exits with 2.
[[noreturn]] void ExitWithUsage(absl::string_view message);

// Flushes stdout, then prints "TOOL: MESSAGE" to stderr.
void PrintError(absl::string_view message);

// Call it last, and return its result from main().  Flushes stdout; prints
// `status`, unless it is OK, and any error of writing to stdout.  Returns 1 if
// it printed an error, else 0.
int ExitCode(const absl::Status& status);

// The type of flags like --buffer=64k: a number of bytes, optionally followed
// by k, m or g (or K, M, G) for KiB, MiB and GiB.
struct Bytes {
  uint64_t count;
};
bool AbslParseFlag(absl::string_view text, Bytes* bytes, std::string* error);
std::string AbslUnparseFlag(Bytes bytes);

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_COMMAND_LINE_H_
