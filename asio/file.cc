#include "asio/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/errors.h"

namespace uasio {
namespace {

int OpenRetrying(const std::string& path, int flags, mode_t permissions) {
  int fd;
  do {
    fd = open(path.c_str(), flags, permissions);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

bool IsReadable(int flags) { return (flags & O_ACCMODE) != O_WRONLY; }

// Some file systems open with O_DIRECT and then fail every read.
int ReadOneBlock(int fd) {
  const Buffer block = Buffer::Allocate(kBufferAlignment);
  if (block.empty()) return ENOMEM;
  ssize_t n;
  do {
    n = pread(fd, block.data(), block.size(), 0);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? errno : 0;
}

}  // namespace

Alignment DirectAlignment(int fd) {
  struct statx info;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) != 0 ||
      (info.stx_mask & STATX_DIOALIGN) == 0) {
    return {kBufferAlignment, kBufferAlignment};
  }
  return {info.stx_dio_mem_align, info.stx_dio_offset_align};
}

absl::StatusOr<File> File::Open(std::string path, int flags, mode_t permissions,
                                Mode mode) {
  File file;
  file.path_ = std::move(path);
  flags |= O_CLOEXEC;
  if (mode == Mode::kBuffered) flags &= ~O_DIRECT;
  const int direct = mode == Mode::kDirect ? O_DIRECT : 0;
  file.fd_ = OpenRetrying(file.path_, flags | direct, permissions);
  if (file.fd_ < 0 && errno == EINVAL && direct != 0) {
    // The file is created all the same, by some kernels: O_EXCL has its answer.
    file.fd_ =
        OpenRetrying(file.path_, flags & ~(O_DIRECT | O_EXCL), permissions);
    file.why_buffered_ = "the file system refuses to open with O_DIRECT";
  }
  if (file.fd_ < 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot open ", file.path_));
  }
  if (direct != 0 && file.why_buffered_.empty()) file.StayDirectOrExplain();
  return file;
}

File File::Adopt(int fd, std::string name) {
  File file;
  file.fd_ = fd;
  file.path_ = std::move(name);
  const int flags = fcntl(fd, F_GETFL);
  file.direct_ = flags >= 0 && (flags & O_DIRECT) != 0;
  if (file.direct_) file.alignment_ = DirectAlignment(fd);
  return file;
}

File::~File() {
  if (is_open()) close(fd_);
}

File::File(File&& other) noexcept { *this = std::move(other); }

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(direct_, other.direct_);
  std::swap(alignment_, other.alignment_);
  std::swap(why_buffered_, other.why_buffered_);
  return *this;
}

absl::StatusOr<int64_t> File::Size() const {
  struct stat info;
  if (fstat(fd_, &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot stat ", path_));
  }
  if (S_ISREG(info.st_mode)) return info.st_size;
  const off_t end = S_ISBLK(info.st_mode) ? lseek(fd_, 0, SEEK_END) : -1;
  if (end >= 0) return end;
  return absl::FailedPreconditionError(absl::StrCat(path_, " has no size"));
}

absl::Status File::Close() {
  const int fd = Release();
  // EINTR, too, leaves the fd closed on Linux.
  if (fd < 0 || close(fd) == 0 || errno == EINTR) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("cannot close ", path_));
}

int File::Release() { return std::exchange(fd_, -1); }

void File::StayDirectOrExplain() {
  struct stat info;
  if (fstat(fd_, &info) != 0 ||
      !(S_ISREG(info.st_mode) || S_ISBLK(info.st_mode))) {
    // On a pipe, O_DIRECT means packets.
    return BeBuffered("it is neither a regular file nor a block device");
  }
  const Alignment alignment = DirectAlignment(fd_);
  if (alignment.offset_bytes == 0) {
    return BeBuffered("the file system has no direct I/O for this file");
  }
  if (IsReadable(fcntl(fd_, F_GETFL))) {
    const int error = ReadOneBlock(fd_);
    if (error == EINVAL || error == EOPNOTSUPP) {
      return BeBuffered(
          absl::StrCat("it opens with O_DIRECT, but a direct read fails with ",
                       ErrnoWords(error)));
    }
  }
  direct_ = true;
  alignment_ = alignment;
}

void File::BeBuffered(std::string why) {
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) & ~O_DIRECT);
  why_buffered_ = std::move(why);
}

}  // namespace uasio
