// A ScratchFile is what the engines work on: full of data, and without a name,
// so that it goes away with the process, however that ends.
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

namespace uasio {

class ScratchFile {
 public:
  // `path` is a folder, or a name that nobody has yet.  The file stays off the
  // page cache if `direct`.
  static absl::StatusOr<ScratchFile> Create(const std::string& path,
                                            uint64_t size, bool direct);

  int fd() const { return file_.fd(); }

  // By which a program can open it while we are here.
  std::string path() const;

  // Writes back what is dirty, and drops the page cache of it.
  absl::Status MakeCold() const;

  // Reads all of it, which fills the page cache as far as there is room.
  absl::Status MakeWarm() const;

 private:
  explicit ScratchFile(File file) : file_(std::move(file)) {}

  File file_;
};

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_SCRATCH_FILE_H_
