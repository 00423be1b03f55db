#include "asio/streams/internal/block_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/syscalls/perform.h"
#include "asio/syscalls/transfer.h"
#include "workqueue/check.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio::internal {
namespace {

constexpr int64_t RoundDown(int64_t bytes, int64_t alignment) {
  return bytes / alignment * alignment;
}

// True if the file or its file system cannot reserve space.
bool IsUnsupported(int error) {
  return error == EOPNOTSUPP || error == ENOSYS || error == ENODEV ||
         error == ESPIPE;
}

}  // namespace

BlockWriter::BlockWriter(File file, const File* borrowed,
                         const StreamOptions& options)
    : Stream(Direction::kWrites, std::move(file), borrowed, options) {
  UASIO_CHECK(queue()->options().order == Order::kRange,
              "Writer: its queue must keep Order::kRange");
}

BlockWriter::~BlockWriter() {
  if (!closed() && IsThisProcess()) Close(first_offset());
}

bool BlockWriter::StartBlock(int64_t position) {
  queue()->RunHandlers(absl::InfinitePast());  // Tells of failed writes.
  RefreshSize();
  if (!ok()) return false;
  if (position > block_offset_max()) {
    return FailErrno(EFBIG,
                     absl::StrCat("cannot write at offset ", position, " of"));
  }
  request_ = GetRequest();
  if (request_ == nullptr) return false;
  offset_ = RoundDown(position, alignment());
  resume_at_ = static_cast<size_t>(position - offset_);
  written_begin_ = resume_at_;
  written_end_ = read_end_ = 0;
  if (resume_at_ == 0) return true;
  read_end_ = static_cast<size_t>(alignment());
  return ReadSector(offset_, request_->buffer);
}

// Records that the caller has written up to `cursor`.
void BlockWriter::RecordCursor(const char* cursor) {
  const size_t end = static_cast<size_t>(cursor - request_->buffer);
  if (end == resume_at_) return;
  written_begin_ = std::min(written_begin_, resume_at_);
  written_end_ = std::max(written_end_, end);
  resume_at_ = end;
}

bool BlockWriter::MoveTo(int64_t position, const char* cursor) {
  RecordCursor(cursor);
  // With nothing written, the first sector must not be written either.
  if (written_end_ == 0) return false;
  const int64_t known =
      static_cast<int64_t>(std::max({read_end_, written_end_, resume_at_}));
  if (position < offset_ || position - offset_ > known) return false;
  resume_at_ = static_cast<size_t>(position - offset_);
  return true;
}

bool BlockWriter::FinishBlock(const char* cursor, bool waits) {
  RecordCursor(cursor);
  if (written_end_ == 0 || !ok()) return DiscardBlock(), ok();
  return FillLastSector() && SubmitBlock(written_end_, waits);
}

bool BlockWriter::NextBlock(const char* cursor) {
  RecordCursor(cursor);
  const size_t keep = resume_at_ % static_cast<size_t>(alignment());
  const int64_t position = offset_ + static_cast<int64_t>(resume_at_);
  const bool keeps_sector = written_end_ == resume_at_ && resume_at_ > keep;
  if (!keeps_sector) return FinishBlock(cursor) && StartBlock(position);
  if (keep > 0) std::memcpy(sector_.data(), cursor - keep, keep);
  const int64_t kept_at = position - static_cast<int64_t>(keep);
  if (!SubmitBlock(resume_at_ - keep)) return false;
  if (!StartBlock(kept_at)) return RecordLoss(kept_at), false;
  if (keep > 0) std::memcpy(request_->buffer, sector_.data(), keep);
  resume_at_ = written_end_ = keep;
  return true;
}

void BlockWriter::DiscardBlock() {
  if (written_end_ > 0) {
    RecordLoss(offset_ + static_cast<int64_t>(written_begin_));
  }
  queue()->Put(request_);
  request_ = nullptr;
}

bool BlockWriter::Accepts(const char* data, size_t bytes,
                          int64_t position) const {
  const Alignment wanted = file().alignment();
  return position <= block_offset_max() && bytes % wanted.offset_bytes == 0 &&
         position % alignment() == 0 &&
         reinterpret_cast<uintptr_t>(data) % wanted.memory_bytes == 0;
}

bool BlockWriter::Write(Request* request, char* data, size_t bytes,
                        int64_t position) {
  RefreshSize();
  request_ = request;
  offset_ = position;
  request_->buffer = data;
  written_begin_ = read_end_ = 0;
  resume_at_ = written_end_ = bytes;
  return SubmitBlock(bytes);
}

// Submits the block up to `end`, in whole sectors.  The bytes after `end` in
// its sector must be in the block.
bool BlockWriter::SubmitBlock(size_t end, bool waits) {
  const size_t whole = RoundUp(end, static_cast<size_t>(alignment()));
  size_ = std::max(size_, offset_ + static_cast<int64_t>(end));
  padded_end_ = std::max(padded_end_, offset_ + static_cast<int64_t>(whole));
  if (!WaitForDepth()) return DiscardBlock(), false;
  Request* r = std::exchange(request_, nullptr);
  r->op = Op::kWrite;
  r->offset = seekable() ? offset_ : kFilePosition;
  r->length = whole;
  if (seekable()) {
    share_->AddReturningSoon();
  } else {
    share_->AddReturningLate();
  }
  if (waits) {
    PerformWithHandler(r, &HandleWrite, this);
  } else {
    SubmitWithHandler(r, &HandleWrite, this);
  }
  return true;
}

// Waits until a write may be submitted.  Without offsets it is one at a time:
// in a pipe, nothing must follow a write that has failed.
bool BlockWriter::WaitForDepth() {
  const size_t depth = seekable() ? depth_ : 1;
  while (in_flight() >= depth) share_->WaitForHandler();
  return ok();
}

// Reads the rest of the last sector, after written_end_.  By the queue's order,
// the read sees the writes before it.
bool BlockWriter::FillLastSector() {
  const size_t sector = static_cast<size_t>(alignment());
  const size_t part = written_end_ % sector;
  if (part == 0 || written_end_ < read_end_) return true;
  const int64_t at = offset_ + static_cast<int64_t>(written_end_ - part);
  if (!ReadSector(at, sector_.data())) return false;
  std::memcpy(request_->buffer + written_end_, sector_.data() + part,
              sector - part);
  return true;
}

// Reads the sector at `offset` into `to`; beyond the end of the file it is
// zeros.  False: failed, and the block in use is discarded.
bool BlockWriter::ReadSector(int64_t offset, char* to) {
  const size_t bytes = static_cast<size_t>(alignment());
  size_t got = 0;
  if (offset < size_) {
    char* const own = std::exchange(request_->buffer, to);
    request_->op = Op::kRead;
    request_->offset = offset;
    request_->length = bytes;
    const bool done = SubmitAndWait(request_);
    got = request_->transferred;
    request_->buffer = own;
    if (!done) return DiscardBlock(), false;
  }
  std::memset(to + got, 0, bytes - got);
  return true;
}

// False: failed.
bool BlockWriter::SubmitAndWait(Request* request) {
  PerformWithHandler(request, &HandleReadOrFsync, this);
  if (request->result < 0) FailRequest(*request);
  return ok();
}

void BlockWriter::HandleReadOrFsync(Request* request) noexcept {
  BlockWriter* self = static_cast<BlockWriter*>(request->user_data);
  self->CountCompletion();
}

void BlockWriter::HandleWrite(Request* request) noexcept {
  BlockWriter* self = static_cast<BlockWriter*>(request->user_data);
  self->CountCompletion();
  if (self->seekable()) {
    self->share_->RemoveReturningSoon();
  } else {
    self->share_->RemoveReturningLate();
  }
  if (request->result < 0) {
    self->RecordLoss(request->offset +
                     static_cast<int64_t>(request->transferred));
    self->FailRequest(*request);
  }
  self->queue()->Put(request);
}

// Learns the size, unless something was written since Flush(): then size_ is
// right, since others must not write in these sectors before Flush().  Without
// sectors only Preallocate() pads the file, and only it learns the size.
void BlockWriter::RefreshSize() {
  if (padded_end_ > 0) return;
  size_ = 0;
  if (alignment() == 1) return;
  if (!LearnSize() || !sector_.empty()) return;
  sector_ = Buffer::Allocate(static_cast<size_t>(alignment()));
  if (sector_.empty()) {
    Fail(absl::ResourceExhaustedError("no memory for a sector"));
  }
}

// False: failed.  To take a size for 0 would cut the file.
bool BlockWriter::LearnSize() {
  if (!seekable()) return true;
  const absl::StatusOr<int64_t> size = Size();
  if (!size.ok()) return Fail(size.status());
  size_ = std::max(size_, *size);
  return true;
}

absl::StatusOr<int64_t> BlockWriter::TrueSize() {
  const absl::StatusOr<int64_t> size = Size();
  if (!size.ok()) return size;
  if (!seekable()) return AppendedSize();
  int64_t sent = *size;
  if (padded_end_ > 0) sent = IsPadded() ? size_ : std::max(size_, sent);
  if (!in_use() || written_end_ == 0) return sent;
  return std::max(sent, offset_ + static_cast<int64_t>(written_end_));
}

// Others may append, too, so that only the file has the size.
absl::StatusOr<int64_t> BlockWriter::AppendedSize() {
  WaitForAll();
  const int64_t regular = RegularSize();
  if (regular < 0) return Size();  // A block device does not grow.
  return regular + (in_use() ? static_cast<int64_t>(written_end_) : 0);
}

bool BlockWriter::Flush() {
  WaitForAll();
  CutPadding();
  return ok();
}

// ftruncate(2) of the stream's file: 0 or an errno.
int BlockWriter::Resize(int64_t size) {
  const WriteSignalsBlocked signals_blocked;
  return ftruncate(file().fd(), size) == 0 ? 0 : errno;
}

// Leaves a file alone that others have made longer than this stream has.  If
// they do so between fstat(2) and ftruncate(2), the latter cuts their bytes: so
// writes of this queue are waited for first, but writes from elsewhere would be
// lost.
void BlockWriter::CutPadding() {
  const bool padded = IsPadded();
  const int64_t padded_end = std::exchange(padded_end_, 0);
  if (!padded) return;
  share_->WaitForOthersOnFile(*this);
  const int64_t now = RegularSize();
  if (now <= size_ || now > padded_end) return;
  if (const int error = Resize(size_)) {
    FailErrno(error, absl::StrCat("cannot cut the padding after ", size_,
                                  " bytes of"));
  }
}

bool BlockWriter::Truncate(int64_t size) {
  if (!Flush()) return false;
  const int error = Resize(size);
  if (error == 0) return true;
  return FailErrno(error, absl::StrCat("cannot set the size to ", size, " of"));
}

bool BlockWriter::Preallocate(int64_t bytes) {
  RefreshSize();
  if (!ok() || bytes == 0 || !seekable()) return ok();
  if (!IsPadded() && !LearnSize()) return false;
  // Before the call, which may make the file longer even if it fails.
  padded_end_ = std::max(padded_end_, bytes);
  const WriteSignalsBlocked signals_blocked;
  int error;
  do {
    error = fallocate(file().fd(), 0, 0, bytes) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error == 0 || IsUnsupported(error)) return true;
  return FailErrno(error, absl::StrCat("cannot reserve ", bytes, " bytes for"));
}

// On pipes, sockets and most devices without a size fsync(2) fails, because
// they cannot be synced.  A request would leave this error in the ledger.
bool BlockWriter::FsyncWithoutSize() {
  Transfer sync;
  sync.op = Op::kFsync;
  sync.fd = file().fd();
  const int error = static_cast<int>(-Perform(&sync));
  if (error == 0 || error == EINVAL || error == EROFS) return true;
  return FailErrno(error, "cannot sync");
}

bool BlockWriter::Fsync() {
  if (!Flush()) return false;
  if (!GetFdTraits(file().fd()).sized) return FsyncWithoutSize();
  Request* request = GetRequest();
  if (request == nullptr) return false;
  request->op = Op::kFsync;
  const bool done = SubmitAndWait(request);
  // No one else uses this fd, so the ledger need not keep the error.
  if (!done && owns_file()) queue()->ClearErrors(file().fd());
  queue()->Put(request);
  return done;
}

void BlockWriter::Close(int64_t position) {
  if (in_use()) DiscardBlock();
  Flush();
  // The first block may begin before first_offset(), with others' bytes.
  CloseFile(std::min(position, std::max(lost_at_, first_offset())));
}

}  // namespace uasio::internal
