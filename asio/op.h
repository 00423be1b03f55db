// The operations that a request can ask for, and the traits of an fd that they
// depend on.
//
// Threads:   any.
// Errors:    none.
//
// Uses no compiled part of Abseil.

#ifndef UASIO_ASIO_OP_H_
#define UASIO_ASIO_OP_H_

#include <cstddef>
#include <cstdint>

namespace uasio {

enum class Op : uint8_t {
  kRead,       // pread(2) into buffer.
  kWrite,      // pwrite(2) from buffer.
  kWriteBack,  // A write that never comes back: see Queue::Submit().
  kReadv,      // preadv(2) into iovecs.
  kWritev,     // pwritev(2) from iovecs.
  kFsync,      // fsync(2).
  kFdatasync,  // fdatasync(2).
  kNoOp,       // Does nothing, asynchronously; needs no fd.
};

inline constexpr size_t kOps = 8;  // How many there are.

// False: the value is none of the above.
constexpr bool IsOp(Op op) {
  switch (op) {
    case Op::kRead:
    case Op::kWrite:
    case Op::kWriteBack:
    case Op::kReadv:
    case Op::kWritev:
    case Op::kFsync:
    case Op::kFdatasync:
    case Op::kNoOp:
      return true;
  }
  return false;
}

// As offset: use and move the fd's own position, as read(2) and write(2) do.
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

// "read", "write-back", ...; "unknown operation" for any other value.
const char* OpName(Op op);

// Traits of an open file description.
struct FdTraits {
  bool sized = true;         // A regular file, block device or directory.
  bool direct = false;       // O_DIRECT is set and direct I/O works (not FUSE).
  bool async = false;        // Direct, and the kernel's backends can take it.
  bool may_wait = false;     // A regular file of size 0, as /proc/kmsg.
  bool append = false;       // O_APPEND.
  bool nonblocking = false;  // O_NONBLOCK.

  // O_DIRECT is set, and the file system has not been asked yet: `direct` may
  // be wrong, `async` is false.  DecideTraits() asks.
  bool undecided = false;
};

// What one look at an fd tells.
struct FileFacts {
  FdTraits traits;
  int64_t size = -1;  // Of a regular file, in bytes; -1: it is not known.
};

}  // namespace uasio

#endif  // UASIO_ASIO_OP_H_
