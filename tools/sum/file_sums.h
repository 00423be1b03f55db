// SumFiles() computes the checksums of many files in parallel.  Each file is a
// syslet that opens, reads and closes it.
//
// Threads:   starts options.threads threads, and the syslets' workers; calls
//            `next` and `deliver` in the former, one at a time.
// Order:     delivers results in the order in which `next` returned the files.
// Blocks:    until all files are done.
// Bounds:    options.depth files are open, with buffers in memory; at most
//            max(kSumsAheadMax, options.depth) results wait for an earlier one.
//            One file at a time is standard input: a second one, and the files
//            after it, start when all files before it are done.
// Errors:    FileSum::error is the errno of a file that cannot be read.

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

// The length of each read.  A file's buffer is twice as large.
inline constexpr size_t kSumReadBytes = 32 << 10;

struct FileToSum {
  std::string name;      // "-": standard input, at its file position.
  std::string expected;  // For the caller: returned with the result, unused.
};

struct FileSum {
  FileToSum file;
  int error = 0;       // The errno of opening or reading it; 0: none.
  std::string digest;  // In hexadecimal digits, if there is no error.
};

struct SumOptions {
  size_t depth = 1024;  // Files in flight.
  size_t threads = 2;   // Compute checksums; at most depth are started.
};

// True if `name` is "-", or one of the usual paths of standard input.
bool IsStandardInput(absl::string_view name);

// Sums the files that `next` returns, until it returns nullopt.  Fails only if
// a thread cannot register its SysletHead; then files may have no result.
absl::Status SumFiles(const SumOptions& options,
                      std::function<std::optional<FileToSum>()> next,
                      std::function<void(const FileSum& sum)> deliver);

}  // namespace uasio

#endif  // UASIO_TOOLS_SUM_FILE_SUMS_H_
