#include "asio/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"

namespace uasio {
namespace {

// Whether the file system (EOPNOTSUPP) or the kernel (EISDIR, EINVAL) does not
// know O_TMPFILE.
bool LacksTmpfile(int error) {
  return error == EOPNOTSUPP || error == EISDIR || error == EINVAL;
}

// Creates a file and removes its name.  Returns its fd; -1, with errno set.
int CreateAndUnlink(const std::string& folder) {
  std::string path = absl::StrCat(folder, "/uasio_XXXXXX");
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd >= 0) unlink(path.c_str());
  return fd;
}

// The same, but the file never has a name if the file system knows O_TMPFILE.
int CreateWithoutName(const std::string& folder) {
  const int fd = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return fd >= 0 || !LacksTmpfile(errno) ? fd : CreateAndUnlink(folder);
}

}  // namespace

// Uses the fd that created the file: a second open(2) may find another file
// under that name.
absl::StatusOr<File> OpenTemporary(std::string folder, File::Mode mode) {
  if (folder.empty()) {
    const char* preferred = secure_getenv("TMPDIR");
    folder = preferred != nullptr && *preferred != '\0' ? preferred : "/tmp";
  }
  const int fd = CreateWithoutName(folder);
  if (fd >= 0) return File::Own(fd, O_RDWR, std::move(folder), mode);
  return ErrnoStatus(errno,
                     absl::StrCat("cannot make a temporary file in ", folder));
}

}  // namespace uasio
