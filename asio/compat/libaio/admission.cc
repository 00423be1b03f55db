#include "asio/compat/libaio/admission.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <new>

#include "asio/compat/libaio/user_memory.h"

namespace uasio {
namespace libaio {
namespace {

// The most bytes that one request transfers (MAX_RW_COUNT, see read(2)).
constexpr size_t kTransferBytesMax = 0x7ffff000;

// Flags that older C libraries do not define.
constexpr int kNoAppend = 0x20;   // RWF_NOAPPEND, Linux 6.9.
constexpr int kAtomic = 0x40;     // RWF_ATOMIC, Linux 6.11.
constexpr int kDontCache = 0x80;  // RWF_DONTCACHE, Linux 6.14.
constexpr int kKnownFlags = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT |
                            RWF_APPEND | kNoAppend | kAtomic | kDontCache;

// Validates the priority by ioprio_set(2) on a nonexistent pid; ESRCH means
// valid.
int CheckPriority(const iocb& block) {
  if ((block.aio_flags & IOCB_FLAG_IOPRIO) == 0) return 0;
  constexpr int kWhoProcess = 1;  // IOPRIO_WHO_PROCESS, which has no header.
  const long result = syscall(SYS_ioprio_set, kWhoProcess, INT_MAX,
                              static_cast<int>(block.aio_reqprio));
  return result == 0 || errno == ESRCH ? 0 : errno;
}

int CheckFlags(int flags, bool is_read) {
  if ((flags & ~kKnownFlags) != 0) return EOPNOTSUPP;
  if ((flags & RWF_APPEND) != 0 && (flags & kNoAppend) != 0) return EINVAL;
  return (flags & kAtomic) != 0 && is_read ? EOPNOTSUPP : 0;
}

int CheckMode(const FdFacts& facts, bool is_read) {
  const int mode = facts.flags & O_ACCMODE;
  if (mode != O_RDWR && mode != (is_read ? O_RDONLY : O_WRONLY)) return EBADF;
  return S_ISDIR(facts.mode) ? EINVAL : 0;
}

int ImportBuffer(const iocb& block, Transfer* t) {
  t->buffer = reinterpret_cast<char*>(block.aio_buf);
  t->length = std::min<size_t>(block.aio_nbytes, kTransferBytesMax);
  return IsUserRange(t->buffer, t->length) ? 0 : EFAULT;
}

// Copies the vector and truncates it to kTransferBytesMax.
int ImportVector(const iocb& block, Job* job) {
  const uint32_t count = static_cast<uint32_t>(block.aio_nbytes);
  if (count > IOV_MAX) return EINVAL;
  job->iovecs.reset(new (std::nothrow) iovec[count]);
  iovec* const parts = job->iovecs.get();
  if (parts == nullptr) return ENOMEM;
  if (!CopyIn(parts, reinterpret_cast<const void*>(block.aio_buf),
              count * sizeof(iovec))) {
    return EFAULT;
  }
  Transfer* const t = &job->transfer;
  for (uint32_t i = 0; i < count; ++i) {
    if (parts[i].iov_len > SSIZE_MAX) return EINVAL;
    if (!IsUserRange(parts[i].iov_base, parts[i].iov_len)) return EFAULT;
    parts[i].iov_len =
        std::min(parts[i].iov_len, kTransferBytesMax - t->length);
    t->length += parts[i].iov_len;
  }
  t->iovecs = parts;
  t->iovec_count = static_cast<int>(count);
  return 0;
}

// Files of /proc and FUSE that tell no size may wait for bytes, as a pipe does.
bool IsWithoutSize(const FdFacts& facts) {
  return S_ISREG(facts.mode) && facts.size == 0;
}

int AdmitTransfer(const iocb& block, const FdFacts& facts, Op op, Job* job) {
  if (int error = CheckPriority(block)) return error;
  const int flags = static_cast<int>(block.aio_rw_flags);
  if (int error = CheckFlags(flags, IsRead(op))) return error;
  if (int error = CheckMode(facts, IsRead(op))) return error;
  Transfer* const t = &job->transfer;
  *t = Transfer();
  t->op = op;
  t->flags = flags & ~RWF_HIPRI;  // Nothing polls for it, as in the kernel.
  t->traits = MakeFdTraits(facts.mode, facts.flags);
  t->fd = facts.fd;
  const int error =
      IsVectored(op) ? ImportVector(block, job) : ImportBuffer(block, t);
  if (error != 0) return error;
  const uint64_t end = static_cast<uint64_t>(block.aio_offset) + t->length;
  if (block.aio_offset < 0 || end > INT64_MAX) return EINVAL;
  t->offset = facts.unseekable ? kFilePosition : block.aio_offset;
  const bool may_wait_long =
      !t->traits.sized || (IsRead(op) && IsWithoutSize(facts));
  job->kind = may_wait_long && !t->traits.nonblocking ? Job::Kind::kStream
                                                      : Job::Kind::kFile;
  return 0;
}

int AdmitSync(const iocb& block, const FdFacts& facts, Op op, Job* job) {
  if (block.aio_buf != 0 || block.aio_offset != 0 || block.aio_nbytes != 0 ||
      block.aio_rw_flags != 0) {
    return EINVAL;
  }
  Transfer* const t = &job->transfer;
  *t = Transfer();
  t->op = op;
  t->traits = MakeFdTraits(facts.mode, facts.flags);
  t->fd = facts.fd;
  job->kind = Job::Kind::kFile;
  return t->traits.sized ? 0 : EINVAL;
}

int AdmitPoll(const iocb& block, const FdFacts& facts, Job* job) {
  if (block.aio_buf > UINT16_MAX || block.aio_offset != 0 ||
      block.aio_nbytes != 0 || block.aio_rw_flags != 0) {
    return EINVAL;
  }
  job->kind = Job::Kind::kPoll;
  job->Watch::fd = facts.fd;
  job->events = static_cast<uint32_t>(block.aio_buf);
  return 0;
}

}  // namespace

int CheckFields(const iocb& block) {
  return block.aio_reserved2 != 0 || block.aio_nbytes > SSIZE_MAX ? EINVAL : 0;
}

int GetFdFacts(int fd, FdFacts* facts) {
  struct statx info;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0) return EBADF;
  // Does not wait for a server of FUSE or of a network.
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE,
            &info) != 0) {
    return errno;
  }
  const mode_t mode = info.stx_mode;
  const bool sized = MakeFdTraits(mode, flags).sized;
  const bool typed = (mode & S_IFMT) != 0;  // Eventfds have no type.
  const bool unseekable = !sized && (!typed || lseek(fd, 0, SEEK_CUR) < 0);
  *facts = {fd, flags, mode, static_cast<off_t>(info.stx_size), unseekable};
  return 0;
}

int Admit(const iocb& block, const FdFacts& facts, Job* job) {
  switch (block.aio_lio_opcode) {
    case IOCB_CMD_PREAD:
      return AdmitTransfer(block, facts, Op::kRead, job);
    case IOCB_CMD_PWRITE:
      return AdmitTransfer(block, facts, Op::kWrite, job);
    case IOCB_CMD_PREADV:
      return AdmitTransfer(block, facts, Op::kReadv, job);
    case IOCB_CMD_PWRITEV:
      return AdmitTransfer(block, facts, Op::kWritev, job);
    case IOCB_CMD_FSYNC:
      return AdmitSync(block, facts, Op::kFsync, job);
    case IOCB_CMD_FDSYNC:
      return AdmitSync(block, facts, Op::kFdatasync, job);
    case IOCB_CMD_POLL:
      return AdmitPoll(block, facts, job);
    default:
      return EINVAL;  // IOCB_CMD_NOOP, too.
  }
}

}  // namespace libaio
}  // namespace uasio
