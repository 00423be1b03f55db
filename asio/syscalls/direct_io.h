// DirectIo is what the kernel reports about direct I/O on a file.
//
// Threads:   any.
// Units:     bytes.
// Errors:    none; without a report, see `works`.
//
// No compiled part of Abseil is used here.

#ifndef UASIO_ASIO_SYSCALLS_DIRECT_IO_H_
#define UASIO_ASIO_SYSCALLS_DIRECT_IO_H_

#include <cstddef>

struct statx;

namespace uasio {

struct DirectIo {
  // Whether statx(2) reports the alignment (STATX_DIOALIGN, Linux 6.1).
  bool reported = false;

  // If not reported: true, except for FUSE, where the program behind the file
  // decides whether direct I/O works.
  bool works = false;

  // Whether submitting a transfer to the kernel does not wait for it: the file
  // system knows RWF_NOWAIT, or, as tmpfs, has no device to wait for.
  bool async = false;

  // What addresses, and what offsets and lengths, must be multiples of: 0 if
  // direct I/O does not work, 4096 if not reported.
  size_t memory_bytes = 0;
  size_t offset_bytes = 0;
};

DirectIo GetDirectIo(int fd);

// The same with the answer of statx(2) for STATX_TYPE | STATX_DIOALIGN.
DirectIo GetDirectIo(int fd, const struct statx& info);

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_DIRECT_IO_H_
