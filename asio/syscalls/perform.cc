#include "asio/syscalls/perform.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "asio/syscalls/direct_io.h"
#include "workqueue/check.h"

namespace uasio {
namespace {

constexpr size_t kSmallestSector = 512;
constexpr size_t kCallBytesMax = 0x7ffff000;  // The kernel cuts to that.

// How many iovecs of the rest of a vector one call takes: as many as a small
// stack has room for.
constexpr int kRestPartsMax = 64;

off_t OffsetOf(const Transfer& t) {
  if (t.offset == kFilePosition) return -1;
  return t.offset + static_cast<off_t>(t.done);
}

// Among the RWF_... flags: the fd is a socket, to be used by sendmsg(2) and
// recvmsg(2), which have one way not to wait on all kernels, and send empty
// messages.
constexpr int kBySocket = 1 << 30;

// Flags that no kind of file refuses, except RWF_NOWAIT.  On a socket none of
// the others has an effect.
constexpr int kFlagsOfAnyFile =
    RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND;

// As write(2), which ends a message of a SOCK_SEQPACKET by MSG_EOR.
ssize_t CallSocket(const Transfer& t, const iovec* iovecs, int count,
                   int flags) {
  if ((t.flags & ~kFlagsOfAnyFile) != 0) {
    errno = EOPNOTSUPP;
    return -1;
  }
  const int wait = (flags & RWF_NOWAIT) != 0 ? MSG_DONTWAIT : 0;
  msghdr message = {};
  message.msg_iov = const_cast<iovec*>(iovecs);
  message.msg_iovlen = static_cast<size_t>(count);
  if (IsRead(t.op)) return recvmsg(t.fd, &message, wait);
  int type = 0;
  socklen_t size = sizeof(type);
  if (getsockopt(t.fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return -1;
  const int end = type == SOCK_SEQPACKET ? MSG_EOR : 0;
  return sendmsg(t.fd, &message, wait | MSG_NOSIGNAL | end);
}

ssize_t CallVector(const Transfer& t, const iovec* iovecs, int count,
                   int flags) {
  flags |= t.flags;
  if ((flags & kBySocket) != 0) return CallSocket(t, iovecs, count, flags);
  return IsRead(t.op) ? preadv2(t.fd, iovecs, count, OffsetOf(t), flags)
                      : pwritev2(t.fd, iovecs, count, OffsetOf(t), flags);
}

size_t SectorBytes(int fd) {
  return std::max(GetDirectIo(fd).offset_bytes, kSmallestSector);
}

// Cuts `bytes` off the end; returns how many parts are left.
int CutEnd(iovec* parts, int count, size_t bytes) {
  while (bytes > 0) {
    iovec* last = &parts[count - 1];
    const size_t cut = std::min(bytes, last->iov_len);
    last->iov_len -= cut;
    bytes -= cut;
    if (last->iov_len == 0) --count;
  }
  return count;
}

// One call for the rest of a vector, or the beginning of that: at most `limit`
// bytes and kRestPartsMax parts.  Direct I/O needs whole sectors, but a part
// may end inside one; so the end is cut to whole sectors.
ssize_t CallRest(const Transfer& t, size_t limit, int flags) {
  iovec parts[kRestPartsMax];
  int count = 0;
  const size_t wanted = std::min(limit, t.length - t.done);
  limit = wanted;
  size_t skip = t.done;
  for (int i = 0; i < t.iovec_count && count < kRestPartsMax; ++i) {
    const iovec& whole = t.iovecs[i];
    const size_t skipped = std::min(skip, whole.iov_len);
    skip -= skipped;
    const size_t size = std::min(whole.iov_len - skipped, limit);
    if (size == 0) continue;
    parts[count++] = {static_cast<char*>(whole.iov_base) + skipped, size};
    limit -= size;
  }
  const size_t taken = wanted - limit;
  if (t.traits.direct && limit > 0) {
    const size_t sector = SectorBytes(t.fd);
    if (taken > sector) count = CutEnd(parts, count, taken % sector);
  }
  return CallVector(t, parts, count, flags);
}

// One system call for the rest; the caller retries EINTR.
ssize_t CallOnce(const Transfer& t, size_t limit, int flags) {
  if (!IsVectored(t.op)) {
    const iovec rest = {t.buffer + t.done, std::min(t.length - t.done, limit)};
    return CallVector(t, &rest, 1, flags);
  }
  if (t.done > 0 || limit < t.length) return CallRest(t, limit, flags);
  return CallVector(t, t.iovecs, t.iovec_count, flags);
}

// The usual case, without an iovec: one buffer and no flags.
ssize_t CallScalar(const Transfer& t) {
  char* buffer = t.buffer + t.done;
  const size_t length = t.length - t.done;
  if (t.offset == kFilePosition) {
    return IsRead(t.op) ? read(t.fd, buffer, length)
                        : write(t.fd, buffer, length);
  }
  const off_t offset = t.offset + static_cast<off_t>(t.done);
  return IsRead(t.op) ? pread(t.fd, buffer, length, offset)
                      : pwrite(t.fd, buffer, length, offset);
}

ssize_t CallAtMost(const Transfer& t, size_t limit) {
  const bool is_usual =
      !IsVectored(t.op) && t.flags == 0 && limit >= t.length - t.done;
  ssize_t n;
  do {
    n = is_usual ? CallScalar(t) : CallOnce(t, limit, 0);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

// The kernel may cut a long transfer inside a sector, and then refuse what is
// left of it.  It sees the whole length first, so that it can refuse that.
ssize_t Call(const Transfer& t) {
  const ssize_t n = CallAtMost(t, SIZE_MAX);
  const size_t left = t.length - t.done;
  const bool may_be_cut = t.traits.direct && left > kCallBytesMax &&
                          left <= static_cast<size_t>(SSIZE_MAX);
  if (n != -EINVAL || !may_be_cut) return n;
  return CallAtMost(t, kCallBytesMax / SectorBytes(t.fd) * SectorBytes(t.fd));
}

int64_t Read(Transfer* t) {
  ssize_t n;
  do {
    n = Call(*t);
    // The end of a file that has grown since.
    if (n == -EINVAL && EndsInsideSector(*t)) break;
    if (n < 0) return n;
    t->done += static_cast<size_t>(n);
  } while (t->done < t->length && !EndsRead(*t, static_cast<size_t>(n)));
  return static_cast<int64_t>(t->done);
}

// An empty message on a socket.  -ENOTSOCK: no other file has such.
ssize_t CallEmptyWrite(const Transfer& t) {
  ssize_t n;
  do {
    n = CallOnce(t, SIZE_MAX, kBySocket);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int64_t Write(Transfer* t) {
  if (t->length == 0 && !t->traits.sized && t->offset == kFilePosition) {
    const ssize_t n = CallEmptyWrite(*t);
    if (n != -ENOTSOCK) return n;
  }
  do {
    const ssize_t n = Call(*t);
    if (n < 0) return n;
    if (n == 0 && t->length > 0) return -EIO;  // Else it might loop for ever.
    t->done += static_cast<size_t>(n);
  } while (t->done < t->length);
  return static_cast<int64_t>(t->done);
}

int64_t Sync(const Transfer& t) {
  if (t.flags != 0) return -EINVAL;
  int error;
  do {
    error = t.op == Op::kFsync ? fsync(t.fd) : fdatasync(t.fd);
  } while (error != 0 && errno == EINTR);
  return error != 0 ? -errno : 0;
}

// The result of a read from `fd`, which poll(2) does not find ready: 0 from a
// FIFO that nobody has open for writing, else -EAGAIN.  poll(2) does not report
// a FIFO that nobody has opened for writing yet.  tee(2) does, and leaves the
// FIFO as it is.  Any other error: there are no fds for that.
ssize_t ResultIfNotReady(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISFIFO(info.st_mode)) return -EAGAIN;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  const ssize_t n = tee(fd, ends[1], 1, SPLICE_F_NONBLOCK);
  close(ends[0]);
  close(ends[1]);
  return n == 0 ? 0 : -EAGAIN;
}

// True for a pipe or a terminal: a long write may be made in parts, and in one
// part it would block.  Another device may take each write(2) for a record.
bool IsStream(int fd) {
  struct stat info;
  return (fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode)) || isatty(fd) == 1;
}

ssize_t CallNonBlocking(const Transfer& t) {
  ssize_t n;
  do {
    n = CallOnce(t, SIZE_MAX, RWF_NOWAIT);
    // pwritev2(2) of no bytes succeeds without a message.
    const bool empty = n == 0 && t.length == 0 && IsWrite(t.op);
    if (!empty && (n >= 0 || errno != EOPNOTSUPP)) continue;
    n = CallOnce(t, SIZE_MAX, kBySocket | RWF_NOWAIT);
    if (n >= 0 || errno != ENOTSOCK) continue;
    if (empty) return 0;  // Only sockets have empty messages.
    if (!IsReady(t)) return IsRead(t.op) ? ResultIfNotReady(t.fd) : -EAGAIN;
    n = CallOnce(t, IsWrite(t.op) && IsStream(t.fd) ? PIPE_BUF : SIZE_MAX, 0);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

}  // namespace

int64_t Perform(Transfer* transfer) {
  UASIO_CHECK(IsOp(transfer->op), "Perform: there is no such op");
  DecideTraits(transfer);
  switch (transfer->op) {
    case Op::kRead:
    case Op::kReadv:
      return Read(transfer);
    case Op::kWrite:
    case Op::kWriteBack:
    case Op::kWritev:
      return Write(transfer);
    case Op::kFsync:
    case Op::kFdatasync:
      return Sync(*transfer);
    case Op::kNoOp:
      break;
  }
  return transfer->flags == 0 ? 0 : -EINVAL;
}

int64_t PerformNonBlocking(Transfer* transfer) {
  if (!IsRead(transfer->op) && !IsWrite(transfer->op)) return Perform(transfer);
  do {
    const ssize_t n = CallNonBlocking(*transfer);
    if (n < 0) return n;
    transfer->done += static_cast<size_t>(n);
    if (IsRead(transfer->op)) break;
    if (n == 0 && transfer->length > 0) return -EIO;
  } while (transfer->done < transfer->length);
  return static_cast<int64_t>(transfer->done);
}

// O_DIRECT is refused: there RWF_NOWAIT waits for the device.  The bytes of a
// short read are kept, because at kFilePosition the read has moved the
// position.  A short read alone does not prove the end of file: with
// RWF_NOWAIT, Linux 5.9 and 5.10 may return 0 anywhere (readv(2), "BUGS").
int64_t ReadIfCached(Transfer* transfer) {
  if (!SuitsReadIfCached(*transfer)) return -EAGAIN;
  return FinishReadIfCached(transfer,
                            CallOnce(*transfer, SIZE_MAX, RWF_NOWAIT));
}

int64_t FinishReadIfCached(Transfer* transfer, int64_t n) {
  if (n < 0) return -EAGAIN;
  transfer->done += static_cast<size_t>(n);
  const bool wants_more = transfer->done < transfer->length;
  if (wants_more && !BeginsAtEndOfFile(*transfer)) return -EAGAIN;
  return static_cast<int64_t>(transfer->done);
}

bool SuitsReadIfCached(const Transfer& transfer) {
  return IsRead(transfer.op) && transfer.traits.sized &&
         !transfer.traits.direct &&
         transfer.length - transfer.done <= kCachedBytesMax;
}

bool BeginsAtEndOfFile(const Transfer& transfer) {
  struct stat info;
  if (fstat(transfer.fd, &info) != 0 || !S_ISREG(info.st_mode)) return false;
  const off_t begin = transfer.offset == kFilePosition
                          ? lseek(transfer.fd, 0, SEEK_CUR)
                          : OffsetOf(transfer);
  return begin >= info.st_size;
}

bool EndsRead(const Transfer& transfer, size_t n) {
  const FdTraits& traits = transfer.traits;
  return n == 0 || !traits.sized || (traits.may_wait && !IsReady(transfer)) ||
         (traits.direct && BeginsAtEndOfFile(transfer));
}

bool EndsInsideSector(const Transfer& transfer) {
  return transfer.traits.direct &&
         transfer.done % SectorBytes(transfer.fd) != 0;
}

bool IsReady(const Transfer& transfer) {
  pollfd fd = {transfer.fd,
               static_cast<short>(IsRead(transfer.op) ? POLLIN : POLLOUT), 0};
  int count;
  do {
    count = poll(&fd, 1, 0);
  } while (count < 0 && errno == EINTR);
  return count != 0;  // The call itself will report an error.
}

bool EndsAt(int fd, int64_t offset) {
  char byte;
  ssize_t n;
  do {
    n = pread(fd, &byte, 1, offset);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) return n == 0;
  return errno == EINVAL && (fcntl(fd, F_GETFL) & O_DIRECT) != 0;
}

}  // namespace uasio
