// The files that a ring of io_uring knows: requests on these save the look-up
// of the fd.
//
// Threads:   those of the ring.
// Ownership: the ring is borrowed.  It keeps each file open until Remove().
// Bounds:    fds below kFilesMax, and below the RLIMIT_NOFILE of the first
//            Add().
// Errors:    none: a file that is not registered is only slower.

#ifndef UASIO_ASIO_BACKENDS_URING_FILES_H_
#define UASIO_ASIO_BACKENDS_URING_FILES_H_

#include <liburing.h>
#include <sys/resource.h>

#include <algorithm>
#include <bitset>
#include <cstddef>

namespace uasio {

class UringFiles {
 public:
  static constexpr unsigned kFilesMax = 4096;

  // Registers `fd`; its index is its fd.
  void Add(io_uring* ring, int fd) {
    if (!asked_) MakeTable(ring);
    const unsigned index = static_cast<unsigned>(fd);
    if (index >= size_) return;
    files_[index] = io_uring_register_files_update(ring, index, &fd, 1) == 1;
  }

  void Remove(io_uring* ring, int fd) {
    if (!Has(fd)) return;
    const int none = -1;
    io_uring_register_files_update(ring, static_cast<unsigned>(fd), &none, 1);
    files_.reset(static_cast<size_t>(fd));
  }

  bool Has(int fd) const {
    const unsigned index = static_cast<unsigned>(fd);
    return index < kFilesMax && files_[index];
  }

 private:
  // The kernel refuses a table that is larger than RLIMIT_NOFILE.
  void MakeTable(io_uring* ring) {
    asked_ = true;
    rlimit limit = {};
    getrlimit(RLIMIT_NOFILE, &limit);
    const unsigned size =
        static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, kFilesMax));
    if (io_uring_register_files_sparse(ring, size) == 0) size_ = size;
  }

  bool asked_ = false;  // MakeTable() was called.
  unsigned size_ = 0;   // Of the kernel's table.
  std::bitset<kFilesMax> files_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_URING_FILES_H_
