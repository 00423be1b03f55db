// DirectIo is what the kernel reports about direct I/O on a file.
//
// statx(2) tells only a part; the rest depends on the kind of file system.  To
// ask for that may wait for a server of FUSE, so the answers are remembered,
// and there is a function that does not ask.
//
// Threads:   any.
// Units:     bytes.
// Blocks:    GetDirectIo().
// Errors:    none; without a report, see `works`.
// Bounds:    at most 64 file systems are remembered; others are asked again.
//
// No compiled part of Abseil is used here.

#ifndef UASIO_ASIO_SYSCALLS_DIRECT_IO_H_
#define UASIO_ASIO_SYSCALLS_DIRECT_IO_H_

#include <cstddef>

struct statx;

namespace uasio {

struct DirectIo {
  // A regular file or block device: only on these does O_DIRECT mean direct
  // I/O; on a pipe it means packets.
  bool may_be_direct = false;

  // Whether statx(2) reports the alignment (STATX_DIOALIGN, Linux 6.1).
  bool reported = false;

  // If not reported: true, except for FUSE, where the program behind the file
  // decides whether direct I/O works.
  bool works = false;

  // Whether submitting a transfer to the kernel does not wait for it: it is a
  // block device, or a file system that knows RWF_NOWAIT, or, as tmpfs, has no
  // device to wait for.
  bool async = false;

  // What addresses, and what offsets and lengths, must be multiples of: 0 if
  // direct I/O does not work, 4096 if not reported.
  size_t memory_bytes = 0;
  size_t offset_bytes = 0;
};

// Asks the file system, if that is not remembered.
DirectIo GetDirectIo(int fd);

// What FindDirectIo() needs of statx(2).
extern const unsigned kDirectIoMask;

// The same without asking, from the answer of statx(2) for kDirectIoMask.
// False: the file system is not remembered, and only GetDirectIo() knows.
bool FindDirectIo(const struct statx& info, DirectIo* io);

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_DIRECT_IO_H_
