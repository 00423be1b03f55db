// SmallFiles owns many files of one size and reads them all in different ways:
// open, fstat, read and close for each.
//
// Threads:   one; ReadByThreads() and ReadBySyslets() start their own.
// Ownership: the destructor removes the files.
// Errors:    absl::Status, of the first file that could not be read completely.

#ifndef UASIO_TOOLS_BENCH_SMALL_FILES_H_
#define UASIO_TOOLS_BENCH_SMALL_FILES_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/histogram.h"

namespace uasio::bench {

class SmallFiles {
 public:
  // Writes `count` files of `bytes` each below a new folder in `parent`.  They
  // are read in a random order.
  static absl::StatusOr<SmallFiles> Create(const std::string& parent,
                                           size_t count, size_t bytes);
  ~SmallFiles();
  // Leaves `other` without files, so that only one destructor removes them.
  SmallFiles(SmallFiles&& other) noexcept
      : folder_(std::exchange(other.folder_, {})),
        bytes_(other.bytes_),
        paths_(std::move(other.paths_)) {}

  // Syncs all file systems, and drops the page cache, dentries and inodes of
  // the whole machine.  Needs root.
  static absl::Status DropCaches();

  // Each of these reads all files, and adds the time of each file to `latency`
  // unless that is nullptr.
  //
  // One file after another in the calling thread.
  absl::Status ReadInTurn(Histogram* latency = nullptr) const;
  // In `threads` threads.
  absl::Status ReadByThreads(size_t threads,
                             Histogram* latency = nullptr) const;
  // In syslets: the calling thread keeps `depth` in flight, and at most
  // `workers` threads run them.
  absl::Status ReadBySyslets(size_t depth, size_t workers,
                             Histogram* latency = nullptr) const;

 private:
  SmallFiles(std::string folder, size_t bytes)
      : folder_(std::move(folder)), bytes_(bytes) {}
  absl::Status Write(size_t count);

  absl::Status ReadTimed(const std::string& path, std::string* buffer,
                         Histogram* latency) const;

  std::string folder_;
  size_t bytes_;
  std::vector<std::string> paths_;
};

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_SMALL_FILES_H_
