#include "asio/syslets/internal/attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asio/syscalls/perform.h"
#include "asio/syslets/internal/calls.h"
#include "asio/syslets/syslet.h"

namespace uasio {
namespace syslets {
namespace {

long SystemCall(const Call& call) {
  const unsigned long* args = call.args;
  const long result = syscall(static_cast<long>(call.nr), args[0], args[1],
                              args[2], args[3], args[4], args[5]);
  return result == -1 ? -errno : result;
}

bool MakeHere(const Call& call, long* result) {
  *result = SystemCall(call);
  return true;
}

int FdOf(const Call& call) { return static_cast<int>(call.args[0]); }

// True but for SEEK_DATA and SEEK_HOLE, which may read from the device; the
// others only change a number.
bool SeeksWithoutReading(const Call& call) {
  return call.args[2] == SEEK_SET || call.args[2] == SEEK_CUR ||
         call.args[2] == SEEK_END;
}

// True for the commands that neither wait for a lock nor ask a file system.
bool IsFdTableCommand(const Call& call) {
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

// Whether a short read of `fd` that did not meet end of file is complete: true
// for a pipe or a socket.
bool ShortReadIsComplete(int fd) { return !GetFdTraits(fd).sized; }

// Whether `error` says that openat2(2) cannot be used here, or not without
// waiting.  Then the open has no result yet.
bool LeavesOpenUndecided(int error) {
  return error == EAGAIN || error == ENOSYS || error == EPERM ||
         error == EINVAL || error == EINTR;
}

// Whether the last close of `fd` releases nothing that takes time.  False for a
// file without a name, whose blocks are freed, and for devices, sockets and
// other special fds.  Does not ask a network file system's server.
bool ClosesWithoutWaiting(int fd) {
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

long MakeCall(const Call& call) {
  switch (KindOf(call.nr)) {
    case CallKind::kRefused:
      return -EPERM;
    case CallKind::kUnknown:
      return -ENOSYS;
    case CallKind::kUmemAdd:
      return syslet_umem_add(reinterpret_cast<unsigned long*>(call.args[0]),
                             call.args[1]);
    default:
      return SystemCall(call);
  }
}

bool Attempts::Try(const Call& call, long* result) {
  switch (KindOf(call.nr)) {
    case CallKind::kMightBlock:
      return false;
    case CallKind::kNeverBlocks:
      return MakeHere(call, result);
    case CallKind::kRefused:
    case CallKind::kUnknown:
    case CallKind::kUmemAdd:
      *result = MakeCall(call);
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
      return SeeksWithoutReading(call) && MakeHere(call, result);
    case CallKind::kFcntl:
      return IsFdTableCommand(call) && MakeHere(call, result);
  }
  return false;
}

// An open that creates or truncates a file might block, and RESOLVE_CACHED
// refuses it.
bool Attempts::TryOpen(int folder, unsigned long path, unsigned long flags,
                       long* result) {
  constexpr unsigned long kChangesFile =
      O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
  if ((flags & kChangesFile) != 0) return false;
  if (!heuristics_->opens.IsWorthTrying()) return false;
  const bool made = OpenCached(folder, path, flags, result);
  heuristics_->opens.Learn(made);
  return made;
}

bool Attempts::OpenCached(int folder, unsigned long path, unsigned long flags,
                          long* result) {
  open_how how = {};
  how.flags = static_cast<unsigned int>(flags);
  how.resolve = RESOLVE_CACHED;
  const long fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
  if (fd < 0 && LeavesOpenUndecided(errno)) return false;
  *result = fd < 0 ? -errno : fd;
  if (fd < 0) return true;
  known_fd_ = static_cast<int>(fd);
  known_flags_ = static_cast<int>(flags);
  return true;
}

// Treats every fd as a file's, without asking: what an fd of any kind gives at
// once and in full, a blocking read would have given, too.
bool Attempts::TryRead(const Call& call, int64_t offset, long* result) {
  if (!FindFlags(FdOf(call))) return MakeHere(call, result);  // EBADF.
  Transfer read;
  read.op = Op::kRead;
  read.fd = FdOf(call);
  read.offset = offset;
  read.buffer = reinterpret_cast<char*>(call.args[1]);
  read.length = call.args[2];
  read.traits.direct = (known_flags_ & O_DIRECT) != 0;
  if (!SuitsReadIfCached(read)) return false;
  if (!heuristics_->reads.IsWorthTrying()) return false;
  const bool made = ReadCached(&read, result);
  heuristics_->reads.Learn(made);
  return made;
}

bool Attempts::ReadCached(Transfer* read, long* result) {
  *result = ReadIfCached(read);
  if (*result >= 0) return true;
  if (read->done == 0) return false;
  *result = static_cast<long>(read->done);
  if (ShortReadIsComplete(read->fd)) return true;
  // A worker repeats the read from its beginning.
  if (read->offset == kFilePosition) lseek(read->fd, -*result, SEEK_CUR);
  return false;
}

// An fd that was opened for reading only has nothing to write back when it is
// closed; any other might wait for that, or linger.  A bad fd is EBADF at once.
bool Attempts::TryClose(const Call& call, long* result) {
  const int fd = FdOf(call);
  const bool is_open = FindFlags(fd);
  if (is_open && (known_flags_ & O_ACCMODE) != O_RDONLY) return false;
  if (is_open && !ClosesWithoutWaiting(fd)) return false;
  known_fd_ = -1;
  return MakeHere(call, result);
}

// Sets known_fd_ and known_flags_ to those of `fd`.  False: it is not open.
bool Attempts::FindFlags(int fd) {
  if (fd == known_fd_ && fd >= 0) return true;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return false;
  known_fd_ = fd;
  known_flags_ = flags;
  return true;
}

}  // namespace syslets
}  // namespace uasio
