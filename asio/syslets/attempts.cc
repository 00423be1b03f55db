#include "asio/syslets/attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asio/syscalls/perform.h"
#include "asio/syslets/calls.h"
#include "asio/syslets/syslet.h"

namespace uasio {
namespace {

long Raw(const Call& call) {
  const unsigned long* args = call.args;
  const long result = syscall(static_cast<long>(call.nr), args[0], args[1],
                              args[2], args[3], args[4], args[5]);
  return result == -1 ? -errno : result;
}

bool MakeNow(const Call& call, long* result) {
  *result = Raw(call);
  return true;
}

int FdOf(const Call& call) { return static_cast<int>(call.args[0]); }

// Data and holes are looked for on the disk; the rest moves a number.
bool MovesWithoutLooking(const Call& call) {
  return call.args[2] == SEEK_SET || call.args[2] == SEEK_CUR ||
         call.args[2] == SEEK_END;
}

// Those of the commands that neither wait for a lock nor ask a file system.
bool StaysInTheFdTable(const Call& call) {
  switch (call.args[1]) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
    case F_GETFD:
    case F_SETFD:
    case F_GETFL:
      return true;
    default:
      return false;
  }
}

// Whether a read that got some of its bytes, and was not at the end of a file,
// will get no more of them, as one of a pipe or a socket does not.
bool HasAllThereIs(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 &&
         !MakeFdTraits(info.st_mode, /*flags=*/0).sized;
}

// What says that openat2(2) itself could not be used, or not without waiting.
bool IsOfTheAttempt(int error) {
  return error == EAGAIN || error == ENOSYS || error == EPERM ||
         error == EINVAL || error == EINTR;
}

// Whether the last close of it has nothing to give back: neither the blocks of
// a file without a name, nor what a device or a socket or another fd of its own
// kind holds.  A server is not asked.
bool IsClosedAtOnce(int fd) {
  struct statx info;
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
            STATX_TYPE | STATX_NLINK, &info) != 0) {
    return false;
  }
  return info.stx_nlink > 0 &&
         (S_ISREG(info.stx_mode) || S_ISDIR(info.stx_mode) ||
          S_ISFIFO(info.stx_mode));
}

}  // namespace

long Make(const Call& call) {
  switch (KindOf(call.nr)) {
    case CallKind::kRefused:
      return -EPERM;
    case CallKind::kUnknown:
      return -ENOSYS;
    case CallKind::kUmemAdd:
      return syslet_umem_add(reinterpret_cast<unsigned long*>(call.args[0]),
                             call.args[1]);
    default:
      return Raw(call);
  }
}

bool Attempts::Try(const Call& call, long* result) {
  switch (KindOf(call.nr)) {
    case CallKind::kMightBlock:
      return false;
    case CallKind::kNeverBlocks:
      return MakeNow(call, result);
    case CallKind::kRefused:
    case CallKind::kUnknown:
    case CallKind::kUmemAdd:
      *result = Make(call);
      return true;
    case CallKind::kOpen:
      return TryOpen(AT_FDCWD, call.args[0], call.args[1], result);
    case CallKind::kOpenat:
      return TryOpen(FdOf(call), call.args[1], call.args[2], result);
    case CallKind::kRead:
      return TryRead(call, kFilePosition, result);
    case CallKind::kPread:
      return static_cast<int64_t>(call.args[3]) >= 0 &&
             TryRead(call, static_cast<int64_t>(call.args[3]), result);
    case CallKind::kClose:
      return TryClose(call, result);
    case CallKind::kLseek:
      return MovesWithoutLooking(call) && MakeNow(call, result);
    case CallKind::kFcntl:
      return StaysInTheFdTable(call) && MakeNow(call, result);
  }
  return false;
}

// What makes or empties a file might block, and RESOLVE_CACHED refuses it.
bool Attempts::TryOpen(int folder, unsigned long path, unsigned long flags,
                       long* result) {
  constexpr unsigned long kChanging =
      O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
  if ((flags & kChanging) != 0) return false;
  if (!experience_->opens.IsWorthTrying()) return false;
  const bool made = OpenCached(folder, path, flags, result);
  experience_->opens.Learn(made);
  return made;
}

bool Attempts::OpenCached(int folder, unsigned long path, unsigned long flags,
                          long* result) {
  open_how how = {};
  how.flags = static_cast<unsigned int>(flags);
  how.resolve = RESOLVE_CACHED;
  const long fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
  if (fd < 0 && IsOfTheAttempt(errno)) return false;
  *result = fd < 0 ? -errno : fd;
  if (fd < 0) return true;
  fd_ = static_cast<int>(fd);
  flags_ = static_cast<int>(flags);
  return true;
}

// As if the fd were a file's, which is only found out if that matters: what an
// fd of any kind gives at once and in full, a blocking read would have given.
bool Attempts::TryRead(const Call& call, int64_t offset, long* result) {
  if (!LearnFlags(FdOf(call))) return MakeNow(call, result);  // EBADF.
  Transfer read;
  read.op = Op::kRead;
  read.fd = FdOf(call);
  read.offset = offset;
  read.buffer = reinterpret_cast<char*>(call.args[1]);
  read.length = call.args[2];
  read.traits.direct = (flags_ & O_DIRECT) != 0;
  if (!SuitsReadIfCached(read)) return false;
  if (!experience_->reads.IsWorthTrying()) return false;
  const bool made = ReadCached(&read, result);
  experience_->reads.Learn(made);
  return made;
}

bool Attempts::ReadCached(Transfer* read, long* result) {
  *result = ReadIfCached(read);
  if (*result >= 0) return true;
  if (read->done == 0) return false;
  *result = static_cast<long>(read->done);
  if (HasAllThereIs(read->fd)) return true;
  // A worker begins anew.
  if (read->offset == kFilePosition) lseek(read->fd, -*result, SEEK_CUR);
  return false;
}

// Who has only read leaves nothing to be written: all others might wait for
// that, or linger.  An fd that is not open says so at once.
bool Attempts::TryClose(const Call& call, long* result) {
  const int fd = FdOf(call);
  const bool known = LearnFlags(fd);
  if (known && (flags_ & O_ACCMODE) != O_RDONLY) return false;
  if (known && !IsClosedAtOnce(fd)) return false;
  fd_ = -1;
  return MakeNow(call, result);
}

// False: it is not open.
bool Attempts::LearnFlags(int fd) {
  if (fd == fd_ && fd >= 0) return true;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return false;
  fd_ = fd;
  flags_ = flags;
  return true;
}

}  // namespace uasio
