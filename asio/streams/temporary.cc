#include "asio/streams/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"

namespace uasio {
namespace {

// A file of the folder that is removed, and open.
absl::StatusOr<std::string> MakeNamed(const std::string& folder) {
  std::string path = absl::StrCat(folder, "/uasio_XXXXXX");
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) {
    return ErrnoStatus(
        errno, absl::StrCat("cannot make a temporary file in ", folder));
  }
  close(fd);
  return path;
}

// EISDIR, EINVAL: the kernel does not know O_TMPFILE.
bool NeedsAName(int error) {
  return error == EOPNOTSUPP || error == EISDIR || error == EINVAL ||
         error == ENOENT;
}

bool HasNameless(const std::string& folder) {
  const int fd = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return fd >= 0 || !NeedsAName(errno);
}

}  // namespace

absl::StatusOr<File> OpenTemporary(std::string folder, File::Mode mode) {
  if (folder.empty()) {
    const char* preferred = secure_getenv("TMPDIR");
    folder = preferred != nullptr && *preferred != '\0' ? preferred : "/tmp";
  }
  if (HasNameless(folder)) {
    return File::Open(folder, O_TMPFILE | O_RDWR, 0600, mode);
  }
  const absl::StatusOr<std::string> path = MakeNamed(folder);
  if (!path.ok()) return path.status();
  absl::StatusOr<File> file = File::Open(*path, O_RDWR, 0600, mode);
  unlink(path->c_str());
  return file;
}

}  // namespace uasio
