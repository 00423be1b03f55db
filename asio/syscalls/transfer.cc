#include "asio/syscalls/transfer.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include "asio/syscalls/direct_io.h"

namespace uasio {
namespace {

// Files of /proc and FUSE that tell no size may wait for bytes, as a pipe does.
bool MayWait(const FdTraits& traits, mode_t mode, uint64_t size) {
  return S_ISREG(mode) && size == 0 && !traits.direct;
}

}  // namespace

FdTraits GetFdTraits(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  struct statx direct;
  if (flags >= 0 && (flags & O_DIRECT) != 0 &&
      statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE | STATX_DIOALIGN,
            &direct) == 0) {
    const DirectIo io = GetDirectIo(fd, direct);
    FdTraits traits =
        MakeFdTraits(direct.stx_mode, io.works ? flags : flags & ~O_DIRECT);
    traits.async = traits.direct && io.async;
    traits.may_wait = MayWait(traits, direct.stx_mode, direct.stx_size);
    return traits;
  }
  struct stat info;
  const bool known = fstat(fd, &info) == 0;
  FdTraits traits =
      MakeFdTraits(known ? info.st_mode : S_IFREG, flags < 0 ? 0 : flags);
  if (known) traits.may_wait = MayWait(traits, info.st_mode, info.st_size);
  return traits;
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

}  // namespace uasio
