#include "asio/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/syscalls/direct_io.h"
#include "asio/syscalls/fd_users.h"
#include "asio/syscalls/perform.h"
#include "asio/syscalls/transfer.h"
#include "workqueue/check.h"

namespace uasio {
namespace {

int OpenRetrying(const std::string& path, int flags, mode_t permissions) {
  int fd;
  do {
    fd = open(path.c_str(), flags, permissions);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

absl::Status CannotOpen(int error, const std::string& path) {
  std::string why = ErrnoWords(error);
  struct stat info;
  if (error == ENXIO && stat(path.c_str(), &info) == 0) {
    if (S_ISFIFO(info.st_mode)) why += "; nobody has the FIFO open for reading";
    if (S_ISSOCK(info.st_mode)) why += "; a socket is not opened by its name";
  }
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat("cannot open ", PathWords(path), ": ", why));
}

// Else a request of the queue would read or write the file that gets the number
// next.
int CloseFd(int fd) {
  UASIO_CHECK(!HasFdUsers(fd),
              "File: a queue has requests in flight on the file that is "
              "closed, or uses it; forget it first, by Queue::Close() or "
              "Queue::Forget()");
  return close(fd);
}

Alignment AlignmentOf(const DirectIo& io) {
  return {io.memory_bytes, io.offset_bytes};
}

bool IsReadable(int flags) { return (flags & O_ACCMODE) != O_WRONLY; }

// Returns 0 or an errno.  Some file systems that report no alignment accept
// O_DIRECT, and then fail every read.
int ReadOneBlock(int fd, const Alignment& alignment) {
  const Buffer block =
      Buffer::Allocate(std::max(alignment.offset_bytes, kBufferAlignment));
  if (block.empty()) return ENOMEM;
  ssize_t n;
  do {
    n = pread(fd, block.data(), block.size(), 0);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? errno : 0;
}

// Sets O_DIRECT on `fd`, which has the open(2) `flags`, and `alignment`.
// Returns "", or, if direct I/O is not available, the reason; the fd is then
// still buffered.
std::string BeDirect(int fd, int flags, Alignment* alignment) {
  const DirectIo io = GetDirectIo(fd);
  if (!io.may_be_direct) {
    return "it is neither a regular file nor a block device";
  }
  if (!io.works) {  // O_DIRECT may be there all the same.
    return io.reported
               ? "the file system has no direct I/O for this file"
               : "a file of FUSE does not tell whether direct I/O works";
  }
  const Alignment learnt = AlignmentOf(io);
  if (fcntl(fd, F_SETFL, flags | O_DIRECT) != 0) {
    return absl::StrCat("the file system refuses O_DIRECT with ",
                        ErrnoWords(errno));
  }
  const bool ask = !io.reported && IsReadable(flags);
  const int error = ask ? ReadOneBlock(fd, learnt) : 0;
  if (error == EINVAL || error == EOPNOTSUPP) {
    fcntl(fd, F_SETFL, flags);
    return absl::StrCat(
        "the file system takes O_DIRECT, but a direct read fails with ",
        ErrnoWords(error));
  }
  *alignment = learnt;
  return "";
}

// Whether a byte at the beginning, in the middle and at the end is in the page
// cache.
bool IsCached(int fd, int64_t size) {
  for (const int64_t offset : {int64_t{0}, size / 2, size - 1}) {
    char byte;
    Transfer read;
    read.op = Op::kRead;
    read.fd = fd;
    read.offset = offset;
    read.buffer = &byte;
    read.length = 1;
    if (ReadIfCached(&read) != 1) return false;
  }
  return true;
}

// Why reading through the page cache is faster; "" if it is not, or if the file
// is not only read.
std::string WhyCacheIsFaster(int fd, int flags) {
  struct stat info;
  if ((flags & O_ACCMODE) != O_RDONLY || fstat(fd, &info) != 0 ||
      !S_ISREG(info.st_mode)) {
    return "";
  }
  if (info.st_size < File::kDirectBytesMin) {
    return absl::StrCat("with ", info.st_size,
                        " bytes it is read faster through the page cache");
  }
  return IsCached(fd, info.st_size) ? "it is in the page cache" : "";
}

}  // namespace

Alignment DirectAlignment(int fd) noexcept {
  return AlignmentOf(GetDirectIo(fd));
}

absl::StatusOr<File> File::Open(std::string path, int flags, mode_t permissions,
                                Mode mode) {
  // BeDirect() sets O_DIRECT later.  An open(2) with O_DIRECT that fails has
  // side effects: it creates the file, and wakes a writer that waits in its own
  // open(2) of a FIFO.
  const int fd =
      OpenRetrying(path, (flags & ~O_DIRECT) | O_CLOEXEC, permissions);
  if (fd < 0) return CannotOpen(errno, path);
  return Own(fd, flags & ~O_DIRECT, std::move(path), mode);
}

File File::Own(int fd, int flags, std::string path, Mode mode) {
  File file;
  file.fd_ = fd;
  file.path_ = std::move(path);
  if (mode == Mode::kBuffered) return file;
  if (mode == Mode::kAuto) file.why_buffered_ = WhyCacheIsFaster(fd, flags);
  if (file.why_buffered_.empty()) {
    file.why_buffered_ = BeDirect(fd, flags, &file.alignment_);
  }
  file.direct_ = file.why_buffered_.empty();
  return file;
}

File File::Adopt(int fd, std::string name) {
  File file;
  file.fd_ = fd;
  file.path_ = name.empty() ? FdWords(fd) : std::move(name);
  file.adopted_ = true;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_DIRECT) == 0) return file;
  const DirectIo io = GetDirectIo(fd);
  file.direct_ = io.may_be_direct && io.works;
  if (file.direct_) file.alignment_ = AlignmentOf(io);
  return file;
}

File::~File() {
  if (is_open()) CloseFd(Release());
}

File::File(File&& other) noexcept { Swap(&other); }

File& File::operator=(File&& other) noexcept {
  File moved(std::move(other));
  Swap(&moved);  // Now the destructor of `moved` closes the old fd.
  return *this;
}

void File::Swap(File* other) {
  std::swap(fd_, other->fd_);
  std::swap(path_, other->path_);
  std::swap(adopted_, other->adopted_);
  std::swap(direct_, other->direct_);
  std::swap(alignment_, other->alignment_);
  std::swap(why_buffered_, other->why_buffered_);
}

absl::StatusOr<int64_t> File::Size() const {
  struct stat info;
  if (fstat(fd_, &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot stat ", path_));
  }
  if (S_ISREG(info.st_mode)) return info.st_size;
  uint64_t bytes;  // lseek(2) would move the file position.
  if (S_ISBLK(info.st_mode) && ioctl(fd_, BLKGETSIZE64, &bytes) == 0) {
    return static_cast<int64_t>(bytes);
  }
  return absl::FailedPreconditionError(absl::StrCat(path_, " has no size"));
}

absl::Status File::Close() {
  const int fd = Release();
  // On Linux, the fd is closed even if close(2) fails with EINTR.
  if (fd < 0 || CloseFd(fd) == 0 || errno == EINTR) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("cannot close ", path_));
}

int File::Release() noexcept { return std::exchange(fd_, -1); }

}  // namespace uasio
