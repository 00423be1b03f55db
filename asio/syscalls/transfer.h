// A Transfer is one operation on a file descriptor, with all that its system
// call needs; asio/syscalls/perform.h performs it.
//
// Threads:   one at a time; GetFdTraits(): any.
// Ownership: the memory and the fd are borrowed.
// Units:     bytes.
// Errors:    none here; an fd that does not exist has the traits of a file,
//            and the operation itself fails with EBADF.
//
// No compiled part of Abseil is used here or in asio/syscalls/perform.h.

#ifndef UASIO_ASIO_SYSCALLS_TRANSFER_H_
#define UASIO_ASIO_SYSCALLS_TRANSFER_H_

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "asio/op.h"

namespace uasio {

// The traits of `fd`, as fcntl(2) and statx(2) report them.  Does not wait for
// a server of FUSE or of a network; so they may be undecided.
FdTraits GetFdTraits(int fd);

// The same, and the size of a regular file; -1: it is none, or not known.
FileFacts GetFileFacts(int fd);

// The traits of an fd with this `mode` of fstat(2) and `flags` of F_GETFL.
FdTraits MakeFdTraits(mode_t mode, int flags);

struct Transfer {
  Op op = Op::kNoOp;
  int flags = 0;  // RWF_..., as preadv2(2) and pwritev2(2) take them.
  FdTraits traits;
  int fd = -1;
  int64_t offset = 0;
  char* buffer = nullptr;         // Used unless IsVectored(op).
  const iovec* iovecs = nullptr;  // Used if IsVectored(op).
  int iovec_count = 0;
  size_t length = 0;  // In total.
  size_t done = 0;    // Of length: transferred so far.
};

// Asks the file system, which may wait, if the traits are undecided.
void DecideTraits(Transfer* transfer);

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_TRANSFER_H_
