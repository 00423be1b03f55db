#include "asio/request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "asio/errors.h"
#include "asio/file.h"

namespace uasio {
namespace {

// Flags that older headers lack.
constexpr int kNoAppend = 0x20;   // RWF_NOAPPEND, Linux 6.9.
constexpr int kAtomic = 0x40;     // RWF_ATOMIC, Linux 6.11.
constexpr int kDontCache = 0x80;  // RWF_DONTCACHE, Linux 6.14.

void SayIfMisaligned(const char* what, uint64_t value, size_t alignment,
                     std::string* words) {
  if (alignment == 0 || value % alignment == 0) return;
  absl::StrAppend(words, "; ", what, " ", value, " is not a multiple of ",
                  alignment);
}

void SayIfMisaligned(const char* what, const void* address, size_t alignment,
                     std::string* words) {
  const uintptr_t value = reinterpret_cast<uintptr_t>(address);
  if (alignment == 0 || value % alignment == 0) return;
  absl::StrAppend(words, "; ", what, " 0x", absl::Hex(value),
                  " is not a multiple of ", alignment);
}

// What is misaligned in a direct request that failed with EINVAL; "" if nothing
// is.
std::string MisalignmentWords(const Request& r) {
  std::string words;
  const Alignment alignment = DirectAlignment(r.fd);
  const bool at_position = r.offset == kFilePosition;
  const int64_t offset = at_position ? lseek(r.fd, 0, SEEK_CUR) : r.offset;
  if (offset >= 0) {
    SayIfMisaligned(at_position ? "the file position" : "offset", offset,
                    alignment.offset_bytes, &words);
  }
  if (!IsVectored(r.op)) {
    SayIfMisaligned("length", r.length, alignment.offset_bytes, &words);
    SayIfMisaligned("address", r.buffer, alignment.memory_bytes, &words);
    return words;
  }
  for (int i = 0; i < r.iovec_count && words.empty(); ++i) {
    SayIfMisaligned("an iovec's length", r.iovecs[i].iov_len,
                    alignment.offset_bytes, &words);
    SayIfMisaligned("an iovec's address", r.iovecs[i].iov_base,
                    alignment.memory_bytes, &words);
  }
  return words;
}

// Which length or number is impossible on any file; "" if none is.
std::string ImpossibleWords(const Request& r) {
  const std::string bound = absl::StrCat(" SSIZE_MAX (", SSIZE_MAX, ")");
  if (r.length <= SSIZE_MAX) return "";
  if (!IsVectored(r.op)) return "; the length exceeds" + bound;
  if (r.iovec_count < 0) return "; the number of iovecs is negative";
  if (r.iovec_count > IOV_MAX) {
    return absl::StrCat("; ", r.iovec_count, " iovecs exceed IOV_MAX (",
                        IOV_MAX, ")");
  }
  for (int i = 0; i < r.iovec_count; ++i) {
    const size_t length = r.iovecs[i].iov_len;
    if (length <= SSIZE_MAX) continue;
    return absl::StrCat("; an iovec's length ", length, " exceeds", bound);
  }
  return "; the iovecs' lengths together exceed" + bound;
}

// Why an fd that is open gives EBADF; "" if its flags are not the reason.
std::string OpenModeWords(const Request& r) {
  const int flags = fcntl(r.fd, F_GETFL);
  if (flags < 0) return "";
  if ((flags & O_PATH) != 0) return "; it is opened by O_PATH";
  const int mode = flags & O_ACCMODE;
  if (IsRead(r.op) && mode == O_WRONLY) return "; it is not open for reading";
  if (IsWrite(r.op) && mode == O_RDONLY) return "; it is not open for writing";
  return "";
}

// "RWF_DSYNC | RWF_NOWAIT"; flags that have no name here as a number.
std::string FlagWords(int flags) {
  static constexpr struct {
    int flag;
    const char* name;
  } kNames[] = {{RWF_HIPRI, "RWF_HIPRI"},   {RWF_DSYNC, "RWF_DSYNC"},
                {RWF_SYNC, "RWF_SYNC"},     {RWF_NOWAIT, "RWF_NOWAIT"},
                {RWF_APPEND, "RWF_APPEND"}, {kNoAppend, "RWF_NOAPPEND"},
                {kAtomic, "RWF_ATOMIC"},    {kDontCache, "RWF_DONTCACHE"}};
  std::vector<std::string> words;
  for (const auto& [flag, name] : kNames) {
    if ((flags & flag) != 0) words.push_back(name);
    flags &= ~flag;
  }
  if (flags != 0) words.push_back(absl::StrCat("0x", absl::Hex(flags)));
  return absl::StrJoin(words, " | ");
}

// Which flags caused the errno; "" if none did.
std::string FlagCauseWords(const Request& r, int error) {
  const bool transfers = IsRead(r.op) || IsWrite(r.op);
  if (r.flags == 0) return "";
  if (error == EINVAL && !transfers) {
    return absl::StrCat("; it takes no flags, but has ", FlagWords(r.flags));
  }
  if (error == EAGAIN && (r.flags & RWF_NOWAIT) != 0) {
    return "; it would have to wait, but has RWF_NOWAIT";
  }
  if (error == EOPNOTSUPP) {
    return absl::StrCat("; the kernel or the file system does not support ",
                        FlagWords(r.flags), " here");
  }
  return "";
}

// What in the request caused the errno; "" if that is not known.
std::string CauseWords(const Request& r, int error) {
  const bool transfers = IsRead(r.op) || IsWrite(r.op);
  const std::string flag_words = FlagCauseWords(r, error);
  if (!flag_words.empty()) return flag_words;
  if (error == EINVAL && transfers && r.offset < 0 &&
      r.offset != kFilePosition) {
    return "; the offset is negative";
  }
  if (error == EINVAL || error == EFAULT) {
    const std::string impossible = transfers ? ImpossibleWords(r) : "";
    if (!impossible.empty()) return impossible;
  }
  if (error == EINVAL && r.traits.direct) return MisalignmentWords(r);
  if (error == ESPIPE) return "; it takes offset kFilePosition";
  if (error == EFAULT && !IsVectored(r.op) && r.buffer == nullptr) {
    return "; the buffer is null";
  }
  if (error == EAGAIN && transfers && r.traits.nonblocking) {
    return "; it is O_NONBLOCK and not ready";
  }
  if (error == EBADF) return OpenModeWords(r);
  return "";
}

// Sets all fields that describe the operation.
Request* Fill(Request* r, Op op, int fd, int64_t offset, char* buffer,
              size_t length) {
  r->op = op;
  r->fd = fd;
  r->offset = offset;
  r->buffer = buffer;
  r->length = length;
  r->iovecs = nullptr;
  r->iovec_count = 0;
  r->flags = 0;
  return r;
}

Request* FillVector(Request* r, Op op, int fd, int64_t offset,
                    absl::Span<const iovec> iovecs) {
  Fill(r, op, fd, offset, r->queue_buffer, /*length=*/0);
  static constexpr iovec kNone = {};  // An empty span may have no address.
  r->iovecs = iovecs.empty() ? &kNone : iovecs.data();
  r->iovec_count = static_cast<int>(std::min<size_t>(iovecs.size(), INT_MAX));
  return r;
}

}  // namespace

// "read of 4096 bytes at offset 512 on fd 7 (/tmp/data)"
std::string Request::DebugString() const {
  std::string words = OpName(op);
  if (IsRead(op) || IsWrite(op)) {
    absl::StrAppend(&words, " of ");
    if (IsVectored(op) && length > SSIZE_MAX) {  // See ImpossibleWords().
      absl::StrAppend(&words, iovec_count, " iovecs at ");
    } else {
      absl::StrAppend(&words, length, " bytes at ");
    }
    if (offset == kFilePosition) {
      absl::StrAppend(&words, "the file position");
    } else {
      absl::StrAppend(&words, "offset ", offset);
    }
  }
  if (op != Op::kNoOp) absl::StrAppend(&words, " on ", FdWords(fd));
  return words;
}

FileOrFd::FileOrFd(const File& file) noexcept : fd(file.fd()) {}

Request* Request::Read(FileOrFd file, int64_t at, size_t bytes) noexcept {
  return Fill(this, Op::kRead, file.fd, at, queue_buffer, bytes);
}

Request* Request::Write(FileOrFd file, int64_t at, size_t bytes) noexcept {
  return Fill(this, Op::kWrite, file.fd, at, queue_buffer, bytes);
}

Request* Request::WriteBack(FileOrFd file, int64_t at, size_t bytes) noexcept {
  return Fill(this, Op::kWriteBack, file.fd, at, queue_buffer, bytes);
}

Request* Request::Read(FileOrFd file, int64_t at,
                       absl::Span<char> to) noexcept {
  return Fill(this, Op::kRead, file.fd, at, to.data(), to.size());
}

Request* Request::Write(FileOrFd file, int64_t at,
                        absl::string_view from) noexcept {
  char* const data = const_cast<char*>(from.data());  // Only read from.
  return Fill(this, Op::kWrite, file.fd, at, data, from.size());
}

Request* Request::Readv(FileOrFd file, int64_t at,
                        absl::Span<const iovec> to) noexcept {
  return FillVector(this, Op::kReadv, file.fd, at, to);
}

Request* Request::Writev(FileOrFd file, int64_t at,
                         absl::Span<const iovec> from) noexcept {
  return FillVector(this, Op::kWritev, file.fd, at, from);
}

Request* Request::Fsync(FileOrFd file) noexcept {
  return Fill(this, Op::kFsync, file.fd, 0, queue_buffer, 0);
}

Request* Request::Fdatasync(FileOrFd file) noexcept {
  return Fill(this, Op::kFdatasync, file.fd, 0, queue_buffer, 0);
}

Request* Request::NoOp() noexcept {
  return Fill(this, Op::kNoOp, -1, 0, queue_buffer, 0);
}

absl::Status Request::status() const {
  if (result >= 0) return absl::OkStatus();
  const int error = static_cast<int>(-result);
  std::string why = ErrnoWords(error);
  if (transferred > 0) absl::StrAppend(&why, " after ", transferred, " bytes");
  why += CauseWords(*this, error);
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat(DebugString(), ": ", why));
}

bool Appends(const Request& request) noexcept {
  const bool by_fd = request.traits.append && (request.flags & kNoAppend) == 0;
  return IsWrite(request.op) && (by_fd || (request.flags & RWF_APPEND) != 0);
}

}  // namespace uasio
