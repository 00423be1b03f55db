#include "asio/streams/internal/stream.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/streams/default_queue.h"
#include "asio/syscalls/transfer.h"
#include "workqueue/check.h"

namespace uasio::internal {
namespace {

// More blocks than fit into memory; a size_t can count twice as many.
constexpr size_t kDepthMax = SIZE_MAX / 4;

absl::Status WithPath(const absl::Status& status, const std::string& path) {
  if (absl::StrContains(status.message(), path)) return status;
  return absl::Status(status.code(),
                      absl::StrCat(path, ": ", status.message()));
}

}  // namespace

// Handlers call it, which must not throw.  A status without a message needs no
// memory.
template <typename MakeStatus>
bool Stream::FailAs(const MakeStatus& make) noexcept {
  if (!status_.ok()) return false;
  try {
    status_ = WithPath(make(), file_->path());
  } catch (const std::bad_alloc&) {
    status_ = absl::ResourceExhaustedError("");
  }
  return false;
}

Stream::Stream(Direction direction, File file, const File* borrowed,
               const StreamOptions& options)
    : default_queue_(options.queue == nullptr ? ShareDefaultQueue() : nullptr),
      share_(RequestShare::Join(
          options.queue != nullptr ? options.queue : default_queue_.get(),
          this)),
      depth_(std::min(options.depth, kDepthMax)),
      owned_(std::move(file)),
      file_(borrowed != nullptr ? borrowed : &owned_) {
  UASIO_CHECK(options.depth > 0, "Stream: depth must not be 0");
  const int64_t offset =
      options.offset.value_or(file_->adopted() ? kFilePosition : 0);
  UASIO_CHECK(offset >= 0 || offset == kFilePosition,
              "Stream: the offset is negative");
  const FileFacts facts = Learn();
  const FdTraits& traits = facts.traits;
  first_size_ = facts.size;
  const bool appends = traits.append && direction == Direction::kWrites;
  seekable_ = traits.sized && !appends;
  moves_fd_position_ = offset == kFilePosition && seekable_;
  SetFirstOffset(offset);
  SetBlockSize();
  if (appends && file_->direct()) {
    FailErrno(EINVAL,
              "cannot append by O_DIRECT, which writes whole sectors, to");
  }
}

Stream::~Stream() {
  if (!IsThisProcess()) {
    if (!closed_) share_->Leave(this);
    return;
  }
  UASIO_CHECK(in_flight_ == 0, "Stream: destroyed with requests in flight");
  if (!closed_) CloseFile(first_offset_);
}

void Stream::CheckProcess() const {
  UASIO_CHECK(IsThisProcess(),
              "Stream: a forked child must not use its parent's stream");
}

// The queue keeps what it learns of a file with a size that the stream owns, so
// that requests need not ask again.
FileFacts Stream::Learn() {
  if (!owned_.is_open()) return GetFileFacts(file_->fd());
  return UseUnregistered(queue(), owned_.fd());
}

void Stream::SetFirstOffset(int64_t offset) {
  first_offset_ = offset;
  if (offset != kFilePosition) return;
  const off_t position = lseek(file_->fd(), 0, SEEK_CUR);
  first_offset_ = std::max<int64_t>(position, 0);  // 0 for a pipe.
}

void Stream::SetBlockSize() {
  const size_t buffer_bytes = queue()->options().buffer_bytes;
  const Alignment alignment = file_->alignment();
  alignment_ = static_cast<int64_t>(alignment.offset_bytes);
  block_bytes_ = buffer_bytes / alignment.offset_bytes * alignment.offset_bytes;
  if (block_bytes_ > 0 && kBufferAlignment % alignment.memory_bytes == 0)
    return;
  FailAs([&] {
    return absl::UnimplementedError(
        absl::StrCat(file_->path(), ": direct I/O needs multiples of ",
                     alignment_, " bytes; the queue's buffers have ",
                     buffer_bytes, " bytes, aligned to ", kBufferAlignment));
  });
}

bool Stream::Fail(const absl::Status& status) {
  return FailAs([&] { return status; });
}

bool Stream::FailErrno(int error, absl::string_view what) {
  return FailAs([&] {
    return ErrnoStatus(error, absl::StrCat(what, " ", file_->path()));
  });
}

bool Stream::FailRequest(const Request& request) {
  return FailAs([&] { return request.status(); });
}

void Stream::SubmitWithHandler(Request* request,
                               void (*handler)(Request*) noexcept,
                               void* user_data) {
  request->fd = file_->fd();
  request->handler = handler;
  request->user_data = user_data;
  ++in_flight_;
  queue()->Submit(request);
}

void Stream::PerformWithHandler(Request* request,
                                void (*handler)(Request*) noexcept,
                                void* user_data) {
  request->fd = file_->fd();
  request->handler = nullptr;
  request->user_data = user_data;
  ++in_flight_;
  queue()->SubmitAndWait(request);
  handler(request);
}

void Stream::WaitForAll() {
  while (in_flight_ > 0) share_->WaitForHandler();
}

Request* Stream::GetRequest() {
  Request* request = share_->GetOrReclaim();
  if (request == nullptr) {
    FailAs([&] {
      return absl::ResourceExhaustedError(
          absl::StrCat(file_->path(), ": there is no buffer: all ",
                       queue()->options().requests_max,
                       " requests of the queue are in use, "
                       "or there is no memory"));
    });
  }
  return request;
}

bool Stream::LeavePosition(int64_t position) {
  if (!moves_fd_position_ || lseek(file_->fd(), position, SEEK_SET) >= 0) {
    return ok();
  }
  return FailErrno(errno, absl::StrCat("cannot seek to ", position, " in"));
}

void Stream::CloseFile(int64_t position) {
  closed_ = true;
  LeavePosition(position);
  if (owned_.is_open()) {
    const absl::Status closed = queue()->Close(&owned_);
    if (!closed.ok()) Fail(closed);
  }
  share_->Leave(this);
  default_queue_ = nullptr;
}

bool Stream::IsOnSameFileAs(const Stream& other) const {
  struct stat mine, its;
  return fstat(file_->fd(), &mine) == 0 &&
         fstat(other.file_->fd(), &its) == 0 && mine.st_dev == its.st_dev &&
         mine.st_ino == its.st_ino;
}

int64_t Stream::RegularSize() const {
  struct stat info;
  if (fstat(file_->fd(), &info) != 0 || !S_ISREG(info.st_mode)) return -1;
  return info.st_size;
}

}  // namespace uasio::internal
