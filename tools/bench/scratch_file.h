// A ScratchFile is a file of random data that the engines read and write.  It
// has no name, so that it disappears with the process, however that ends.
//
// Ownership: owns the file.
// Blocks:    Create() for as long as it takes to write the file.

#ifndef UASIO_TOOLS_BENCH_SCRATCH_FILE_H_
#define UASIO_TOOLS_BENCH_SCRATCH_FILE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "asio/file.h"

namespace uasio::bench {

class ScratchFile {
 public:
  // `path` is a folder, or a name that does not exist yet.  `direct` opens the
  // file with O_DIRECT.
  static absl::StatusOr<ScratchFile> Create(const std::string& path,
                                            uint64_t size, bool direct);

  int fd() const { return file_.fd(); }

  // Another program can open the file by this path while the ScratchFile lives.
  std::string path() const;

  // Syncs the file and drops its pages from the page cache.
  absl::Status MakeCold() const;

  // Reads the whole file into the page cache, as far as it fits.
  absl::Status MakeWarm() const;

 private:
  explicit ScratchFile(File file) : file_(std::move(file)) {}

  File file_;
};

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_SCRATCH_FILE_H_
