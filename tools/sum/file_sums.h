// SumFiles() makes the checksums of many files at a time: each one a syslet
// that opens it, reads it and closes it.
//
// Threads:   it starts threads of its own, and the syslets' workers; `next` and
//            `deliver` are called in those, one at a time.
// Order:     results are delivered in the order in which `next` gave the files.
// Blocks:    until all is done.
// Bounds:    files open and in memory: options.depth; results that wait for an
//            earlier one: kSumsAheadMax.  Of files that are standard input one
//            at a time: what follows a second one waits until it may begin.
// Errors:    a file that cannot be read has an errno as its result.

#ifndef UASIO_TOOLS_SUM_FILE_SUMS_H_
#define UASIO_TOOLS_SUM_FILE_SUMS_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace uasio {

inline constexpr size_t kSumsAheadMax = 1 << 16;

// How much of a file is read at a time, and of each in memory twice.
inline constexpr size_t kSumReadBytes = 32 << 10;

struct FileToSum {
  std::string name;      // "-": standard input, at its file position.
  std::string expected;  // Comes back with the result, unused.
};

struct FileSum {
  FileToSum file;
  int error = 0;       // An errno, if it could not be opened or read.
  std::string digest;  // Else, in hexadecimal digits.
};

struct SumOptions {
  size_t depth = 1024;  // Files in flight.
  size_t threads = 2;   // That compute.
};

// Whether it is "-", or a usual path of standard input.
bool NamesStandardInput(absl::string_view name);

// Fails only if the threads cannot have their heads: then not all is done.
absl::Status SumFiles(const SumOptions& options,
                      std::function<std::optional<FileToSum>()> next,
                      std::function<void(const FileSum& sum)> deliver);

}  // namespace uasio

#endif  // UASIO_TOOLS_SUM_FILE_SUMS_H_
