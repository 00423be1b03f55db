#include "asio/syscalls/transfer.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include "asio/syscalls/direct_io.h"

namespace uasio {

FdTraits GetFdTraits(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  struct statx direct;
  if (flags >= 0 && (flags & O_DIRECT) != 0 &&
      statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_DIOALIGN, &direct) == 0) {
    const DirectIo io = GetDirectIo(fd, direct);
    FdTraits traits =
        MakeFdTraits(direct.stx_mode, io.works ? flags : flags & ~O_DIRECT);
    traits.async = traits.direct && io.async;
    return traits;
  }
  struct stat info;
  const bool known = fstat(fd, &info) == 0;
  return MakeFdTraits(known ? info.st_mode : S_IFREG, flags < 0 ? 0 : flags);
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
