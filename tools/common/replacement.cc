#include "tools/common/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"
#include "tools/common/fatal_signals.h"
#include "tools/common/standard_streams.h"

namespace uasio {
namespace {

constexpr int kNamesToTry = 100;
constexpr size_t kBaseNameBytesMax = 200;  // Of NAME_MAX, 255.

// Returns the path that a symbolic link leads to; another path is returned as
// it is.  Do not use it for targets in place: what a link like /dev/stdout
// leads to may have no path.
absl::StatusOr<std::string> Resolve(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return path;
  char* resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("cannot follow the link ", path));
  }
  std::string result = resolved;
  free(resolved);
  return result;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string TemporaryName(const std::string& target) {
  static std::random_device random;
  const size_t slash = target.rfind('/');
  const std::string base =
      slash == std::string::npos ? target : target.substr(slash + 1);
  return absl::StrCat(DirectoryOf(target), "/.",
                      base.substr(0, kBaseNameBytesMax), ".",
                      absl::Hex(random(), absl::kZeroPad8), ".tmp");
}

// EINVAL: a pipe or a terminal, which has nothing to sync.
absl::Status FsyncPath(int fd, const std::string& path) {
  if (fsync(fd) == 0 || errno == EINVAL) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("cannot fsync ", path));
}

absl::Status FsyncDirectory(const std::string& path) {
  absl::StatusOr<File> directory =
      File::Open(path, O_RDONLY | O_DIRECTORY, 0, File::Mode::kBuffered);
  if (!directory.ok()) return directory.status();
  return FsyncPath(directory->fd(), path);
}

// Sets *in_place to false for a regular file, and for a path without a file.
// Fails if the caller may not write the target: renaming would bypass its
// permission bits.
absl::Status CheckTarget(const std::string& path, bool* in_place) {
  struct stat info;
  int error = 0;
  if (stat(path.c_str(), &info) != 0) {
    *in_place = false;
    if (errno != ENOENT || path.empty()) error = errno;
  } else {
    *in_place = !S_ISREG(info.st_mode);
    if (S_ISDIR(info.st_mode)) {
      error = EISDIR;
    } else if (faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) {
      error = errno;
    }
  }
  if (error == 0) return absl::OkStatus();
  return ErrnoStatus(error, absl::StrCat("cannot write ", PathWords(path)));
}

// Creates a file under a new name in the directory of `target`.
absl::StatusOr<File> CreateTemporary(const std::string& target) {
  for (int i = 0; i < kNamesToTry; ++i) {
    absl::StatusOr<File> file =
        File::Open(TemporaryName(target), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (file.ok()) return file;
    if (absl::IsAlreadyExists(file.status())) continue;
    return absl::Status(
        file.status().code(),
        absl::StrCat("cannot write ", target, ": ", file.status().message()));
  }
  return absl::AlreadyExistsError(
      absl::StrCat("no temporary name is free beside ", target));
}

}  // namespace

mode_t NewFileMode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

absl::StatusOr<Replacement> Replacement::Create(const std::string& target) {
  bool in_place;
  const absl::Status status = CheckTarget(target, &in_place);
  if (!status.ok()) return status;
  if (in_place) {
    absl::StatusOr<File> file =
        File::Open(target, O_WRONLY, 0, File::Mode::kBuffered);
    if (!file.ok()) return file.status();
    return InPlace(*std::move(file));
  }
  absl::StatusOr<std::string> path = Resolve(target);
  if (!path.ok()) return path.status();
  const FatalSignalBlocker blocker;
  absl::StatusOr<File> file = CreateTemporary(*path);
  if (!file.ok()) return file.status();
  Replacement replacement;
  replacement.file_ = *std::move(file);
  replacement.target_ = *std::move(path);
  replacement.temporary_ = replacement.file_.path();
  RemoveOnFatalSignal(replacement.temporary_);
  return replacement;
}

Replacement Replacement::InPlace(File file) {
  Replacement replacement;
  replacement.file_ = std::move(file);
  replacement.target_ = replacement.file_.path();
  return replacement;
}

Replacement::~Replacement() {
  if (in_place()) return;
  const FatalSignalBlocker blocker;
  unlink(temporary_.c_str());
  KeepOnFatalSignal(temporary_);
}

Replacement::Replacement(Replacement&& other) noexcept
    : file_(std::move(other.file_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, "")) {}

absl::Status Replacement::Commit(mode_t permissions, bool durable) {
  // EPERM: the file system has no permission bits, as the file is ours.
  if (!in_place() && fchmod(file_.fd(), permissions) != 0 && errno != EPERM) {
    return ErrnoStatus(errno, absl::StrCat("cannot set the mode of ", target_));
  }
  absl::Status status;
  if (durable) status = FsyncPath(file_.fd(), target_);
  const absl::Status closed = file_.Close();  // NFS reports a full disk here.
  if (status.ok()) status = closed;
  if (in_place() || !status.ok()) return status;
  if (rename(temporary_.c_str(), target_.c_str()) != 0) {
    return ErrnoStatus(
        errno, absl::StrCat("cannot rename ", temporary_, " to ", target_));
  }
  {
    const FatalSignalBlocker blocker;
    KeepOnFatalSignal(std::exchange(temporary_, ""));
  }
  return durable ? FsyncDirectory(DirectoryOf(target_)) : absl::OkStatus();
}

absl::StatusOr<Replacement> OpenTarget(const std::string& target) {
  if (target != "-") return Replacement::Create(target);
  absl::StatusOr<File> file = StandardOutput();
  if (!file.ok()) return file.status();
  return Replacement::InPlace(*std::move(file));
}

}  // namespace uasio
