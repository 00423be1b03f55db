// A Transfer is one operation on a file descriptor, as the system calls need
// it: what asio/syscalls/perform.h carries out.
//
// Threads:   one at a time; LearnFdTraits(): any.
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

namespace uasio {

enum class Op : uint8_t {
  kRead,       // pread(2) into buffer.
  kWrite,      // pwrite(2) from buffer.
  kWriteBack,  // A write that recycles itself: see asio/queue.h.
  kReadv,      // preadv(2) into iovecs.
  kWritev,     // pwritev(2) from iovecs.
  kFsync,      // fsync(2).
  kFdatasync,  // fdatasync(2).
  kNoOp,       // Does nothing, asynchronously; needs no fd.
};

// As offset: the fd's own position, as read(2) and write(2) use and move it.
inline constexpr int64_t kFilePosition = -1;

constexpr bool IsRead(Op op) { return op == Op::kRead || op == Op::kReadv; }
constexpr bool IsWrite(Op op) {
  return op == Op::kWrite || op == Op::kWriteBack || op == Op::kWritev;
}
constexpr bool IsVectored(Op op) {
  return op == Op::kReadv || op == Op::kWritev;
}
constexpr bool IsSync(Op op) {
  return op == Op::kFsync || op == Op::kFdatasync;
}

// "read", "write-back", ...; "unknown operation" for what is none.
const char* OpName(Op op);

// What an open file description is like, as far as it matters here.
struct FdTraits {
  bool sized = true;         // A regular file, block device or directory.
  bool direct = false;       // O_DIRECT, where the file has direct I/O.
  bool append = false;       // O_APPEND.
  bool nonblocking = false;  // O_NONBLOCK.
};

FdTraits LearnFdTraits(int fd);

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
