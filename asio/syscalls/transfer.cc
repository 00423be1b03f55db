#include "asio/syscalls/transfer.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include <algorithm>

#include "asio/syscalls/direct_io.h"

namespace uasio {
namespace {

// Files of /proc and FUSE that tell no size may wait for bytes, as a pipe does.
bool MayWait(const FdTraits& traits, const struct statx& info) {
  return S_ISREG(info.stx_mode) && info.stx_size == 0 &&
         (!traits.direct || traits.undecided);
}

// Where statx(2) is refused, by a seccomp filter for instance.
FileFacts FactsByFstat(int fd, int flags) {
  struct stat info;
  if (fstat(fd, &info) != 0) return {MakeFdTraits(S_IFREG, flags), -1};
  FdTraits traits = MakeFdTraits(info.st_mode, flags);
  traits.undecided = traits.direct;
  traits.may_wait = S_ISREG(info.st_mode) && info.st_size == 0;
  return {traits, S_ISREG(info.st_mode) ? info.st_size : -1};
}

}  // namespace

FdTraits GetFdTraits(int fd) { return GetFileFacts(fd).traits; }

FileFacts GetFileFacts(int fd) {
  const int flags = std::max(fcntl(fd, F_GETFL), 0);
  struct statx info;
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
            STATX_SIZE | kDirectIoMask, &info) != 0) {
    return FactsByFstat(fd, flags);
  }
  FdTraits traits = MakeFdTraits(info.stx_mode, flags);
  if (traits.direct) {
    DirectIo io;
    traits.undecided = !FindDirectIo(info, &io);
    traits.direct = io.works || traits.undecided;
    traits.async = io.async;
  }
  traits.may_wait = MayWait(traits, info);
  const bool regular = S_ISREG(info.stx_mode);
  return {traits, regular ? static_cast<int64_t>(info.stx_size) : -1};
}

FdTraits MakeFdTraits(mode_t mode, int flags) {
  FdTraits traits;
  traits.sized = S_ISREG(mode) || S_ISBLK(mode) || S_ISDIR(mode);
  // On a pipe, O_DIRECT means packets.
  traits.direct = traits.sized && (flags & O_DIRECT) != 0;
  traits.append = (flags & O_APPEND) != 0;
  traits.nonblocking = (flags & O_NONBLOCK) != 0;
  return traits;
}

void DecideTraits(Transfer* transfer) {
  if (!transfer->traits.undecided) return;
  const DirectIo io = GetDirectIo(transfer->fd);
  transfer->traits.direct = io.works;
  transfer->traits.async = io.async;
  transfer->traits.may_wait &= !io.works;
  transfer->traits.undecided = false;
}

}  // namespace uasio
