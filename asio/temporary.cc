#include "asio/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"

namespace uasio {
namespace {

absl::Status CannotMake(int error, const std::string& folder) {
  return ErrnoStatus(error,
                     absl::StrCat("cannot make a temporary file in ", folder));
}

// Creates a file with a name, opens it and removes the name.
absl::StatusOr<File> OpenAndUnlink(const std::string& folder, File::Mode mode) {
  std::string path = absl::StrCat(folder, "/uasio_XXXXXX");
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return CannotMake(errno, folder);
  close(fd);
  absl::StatusOr<File> file = File::Open(path, O_RDWR, 0600, mode);
  unlink(path.c_str());
  return file;
}

// Whether the file system (EOPNOTSUPP) or the kernel (EISDIR, EINVAL) does not
// know O_TMPFILE.
bool LacksTmpfile(int error) {
  return error == EOPNOTSUPP || error == EISDIR || error == EINVAL;
}

// Tries to create a file without a name.  Returns 0 or an errno.
int TryTmpfile(const std::string& folder) {
  const int fd = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

}  // namespace

absl::StatusOr<File> OpenTemporary(std::string folder, File::Mode mode) {
  if (folder.empty()) {
    const char* preferred = secure_getenv("TMPDIR");
    folder = preferred != nullptr && *preferred != '\0' ? preferred : "/tmp";
  }
  const int error = TryTmpfile(folder);
  if (LacksTmpfile(error)) return OpenAndUnlink(folder, mode);
  if (error != 0) return CannotMake(error, folder);
  return File::Open(folder, O_TMPFILE | O_RDWR, 0600, mode);
}

}  // namespace uasio
