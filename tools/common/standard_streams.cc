#include "tools/common/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"

namespace uasio {
namespace {

absl::StatusOr<File> Duplicate(int fd, const char* name) {
  const int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot use ", name));
  }
  File file = File::Adopt(duplicate, name);
  if (!file.direct()) return file;
  fcntl(duplicate, F_SETFL, fcntl(duplicate, F_GETFL) & ~O_DIRECT);
  return File::Adopt(file.Release(), name);
}

}  // namespace

absl::StatusOr<File> StandardInput() {
  return Duplicate(STDIN_FILENO, "standard input");
}

absl::StatusOr<File> StandardOutput() {
  return Duplicate(STDOUT_FILENO, "standard output");
}

}  // namespace uasio
