#include "asio/errors.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace uasio {

std::string ErrnoWords(int error) {
  char buffer[128];
  const char* words = strerror_r(error, buffer, sizeof(buffer));
  const char* name = strerrorname_np(error);
  if (name == nullptr) return absl::StrCat("errno ", error, " (", words, ")");
  return absl::StrCat(name, " (", words, ")");
}

absl::Status ErrnoStatus(int error, absl::string_view what) {
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat(what, ": ", ErrnoWords(error)));
}

std::string PathWords(absl::string_view path) {
  return path.empty() ? "\"\" (the name is empty)" : std::string(path);
}

std::string FdWords(int fd) {
  char path[PATH_MAX];
  const ssize_t length =
      readlink(absl::StrCat("/proc/self/fd/", fd).c_str(), path, sizeof(path));
  if (length < 0) return absl::StrCat("fd ", fd);
  return absl::StrCat("fd ", fd, " (",
                      absl::string_view(path, static_cast<size_t>(length)),
                      ")");
}

}  // namespace uasio
