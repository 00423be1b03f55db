// SmallFiles are many files of one size, in folders of their own, and ways to
// read them all: open, fstat, read, close, for each.
//
// Threads:   one; ReadByThreads() and ReadBySyslets() start theirs.
// Ownership: owns the files, and removes them.
// Errors:    absl::Status, of the first file that could not be read whole.

#ifndef UASIO_TOOLS_BENCH_SMALL_FILES_H_
#define UASIO_TOOLS_BENCH_SMALL_FILES_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/histogram.h"

namespace uasio {

class SmallFiles {
 public:
  // Writes `count` files of `bytes` each below a new folder in `parent`; they
  // are read in an order of chance.
  static absl::StatusOr<SmallFiles> Create(const std::string& parent,
                                           size_t count, size_t bytes);
  ~SmallFiles();
  // `other` has no files then: two must not remove them.
  SmallFiles(SmallFiles&& other) noexcept
      : folder_(std::exchange(other.folder_, {})),
        bytes_(other.bytes_),
        paths_(std::move(other.paths_)) {}

  // Writes back what is dirty, and has the kernel drop the page cache, dentries
  // and inodes: of the whole machine, for which one must be root.
  static absl::Status DropCaches();

  // These add to `latency`, unless it is nullptr, how long each file took.
  //
  // The calls of all files in turn.
  absl::Status ReadInTurn(Histogram* latency = nullptr) const;
  // In so many threads.
  absl::Status ReadByThreads(size_t threads,
                             Histogram* latency = nullptr) const;
  // By one thread that keeps `depth` syslets in flight, of which `workers` are
  // at work at a time.
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

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_SMALL_FILES_H_
