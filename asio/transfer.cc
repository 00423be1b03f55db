#include "asio/transfer.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace uasio {

const char* OpName(Op op) {
  switch (op) {
    case Op::kRead:
      return "read";
    case Op::kWrite:
      return "write";
    case Op::kWriteBack:
      return "write-back";
    case Op::kReadv:
      return "readv";
    case Op::kWritev:
      return "writev";
    case Op::kFsync:
      return "fsync";
    case Op::kFdatasync:
      return "fdatasync";
    case Op::kNoOp:
      return "no-op";
  }
  return "unknown operation";
}

FdTraits LearnFdTraits(int fd) {
  struct stat info;
  const bool known = fstat(fd, &info) == 0;
  const int flags = fcntl(fd, F_GETFL);
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
