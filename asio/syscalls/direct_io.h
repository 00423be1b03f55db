// DirectIo is what the kernel tells of direct I/O on a file.
//
// Threads:   any.
// Units:     bytes.
// Errors:    none; where nothing is told, see `works`.
//
// No compiled part of Abseil is used here.

#ifndef UASIO_ASIO_SYSCALLS_DIRECT_IO_H_
#define UASIO_ASIO_SYSCALLS_DIRECT_IO_H_

#include <cstddef>

struct statx;

namespace uasio {

struct DirectIo {
  // Whether statx(2) tells of it (STATX_DIOALIGN, Linux 6.1).
  bool told = false;

  // If it is not told: true, but for FUSE, where the program behind the file
  // decides whether direct I/O works.
  bool works = false;

  // Whether submitting a transfer to the kernel does not wait for it: the file
  // system knows RWF_NOWAIT, or, as tmpfs, has no device to wait for.
  bool async = false;

  // What addresses, and what offsets and lengths, must be multiples of: 0 where
  // it does not work, 4096 where it is not told.
  size_t memory_bytes = 0;
  size_t offset_bytes = 0;
};

DirectIo GetDirectIo(int fd);

// The same with the answer of statx(2) for STATX_TYPE | STATX_DIOALIGN.
DirectIo GetDirectIo(int fd, const struct statx& info);

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_DIRECT_IO_H_
