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
  FdTraits traits;
  struct stat info;
  if (fstat(fd, &info) == 0) {
    traits.sized =
        S_ISREG(info.st_mode) || S_ISBLK(info.st_mode) || S_ISDIR(info.st_mode);
  }
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0) {
    // On a pipe, O_DIRECT means packets.
    traits.direct = traits.sized && (flags & O_DIRECT) != 0;
    traits.append = (flags & O_APPEND) != 0;
    traits.nonblocking = (flags & O_NONBLOCK) != 0;
  }
  return traits;
}

}  // namespace uasio
