// A Transfer is one operation on a file descriptor, as the system calls need
// it: what asio/syscalls/perform.h carries out.
//
// Threads:   one at a time; GetFdTraits(): any.
// Ownership: the memory and the fd are borrowed.
// Units:     bytes.
// Errors:    none here; an fd that does not exist has the traits of a file,
//            and the operation itself gives EBADF.
//
// Nothing of compiled Abseil is used here, nor in asio/syscalls/perform.h.

#ifndef UASIO_ASIO_SYSCALLS_TRANSFER_H_
#define UASIO_ASIO_SYSCALLS_TRANSFER_H_

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "asio/op.h"

namespace uasio {

// What fcntl(2) and statx(2) say of `fd`.
FdTraits GetFdTraits(int fd);

// The same of what fstat(2) says is its mode, and F_GETFL its flags.
FdTraits MakeFdTraits(mode_t mode, int flags);

struct Transfer {
  Op op = Op::kNoOp;
  int flags = 0;  // RWF_..., as preadv2(2) and pwritev2(2) take them.
  FdTraits traits;
  int fd = -1;
  int64_t offset = 0;
  char* buffer = nullptr;         // For the operations without a vector,
  const iovec* iovecs = nullptr;  // and for those with one.
  int iovec_count = 0;
  size_t length = 0;  // In all.
  size_t done = 0;    // Of length: transferred so far.
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_TRANSFER_H_
