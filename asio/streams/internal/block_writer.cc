#include "asio/streams/internal/block_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "workqueue/check.h"

namespace uasio::internal {
namespace {

constexpr int64_t RoundDown(int64_t bytes, int64_t alignment) {
  return bytes / alignment * alignment;
}

// What has no room to be reserved, or cannot be asked for it.
bool CannotReserve(int error) {
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
  if (!closed()) Close(first_offset());
}

bool BlockWriter::Open(int64_t position) {
  queue()->RunHandlers(absl::InfinitePast());  // Some may have failed.
  LearnSize();
  if (!ok()) return false;
  if (position > block_offset_max()) {
    return FailErrno(EFBIG,
                     absl::StrCat("cannot write at offset ", position, " of"));
  }
  request_ = Demand();
  if (request_ == nullptr) return false;
  offset_ = RoundDown(position, alignment());
  from_ = static_cast<size_t>(position - offset_);
  hi_ = known_ = 0;
  if (from_ == 0) return true;
  known_ = static_cast<size_t>(alignment());
  return ReadSector(offset_, request_->buffer);
}

// Takes in that writing has come to `cursor`.
void BlockWriter::Note(const char* cursor) {
  const size_t end = static_cast<size_t>(cursor - request_->buffer);
  if (end == from_) return;
  hi_ = std::max(hi_, end);
  from_ = end;
}

bool BlockWriter::MoveTo(int64_t position, const char* cursor) {
  Note(cursor);
  if (hi_ == 0) return false;  // Its first sector is not to be written.
  const int64_t known = static_cast<int64_t>(std::max({known_, hi_, from_}));
  if (position < offset_ || position - offset_ > known) return false;
  from_ = static_cast<size_t>(position - offset_);
  return true;
}

bool BlockWriter::Finish(const char* cursor) {
  Note(cursor);
  if (hi_ == 0 || !ok()) return Discard(), ok();
  return FillLastSector() && SendUpTo(hi_);
}

bool BlockWriter::Renew(const char* cursor) {
  Note(cursor);
  const size_t keep = from_ % static_cast<size_t>(alignment());
  const int64_t position = offset_ + static_cast<int64_t>(from_);
  const bool goes_on = hi_ == from_ && from_ > keep;
  if (!goes_on) return Finish(cursor) && Open(position);
  if (keep > 0) std::memcpy(sector_.data(), cursor - keep, keep);
  if (!SendUpTo(from_ - keep) || !Open(position - static_cast<int64_t>(keep))) {
    return false;
  }
  if (keep > 0) std::memcpy(request_->buffer, sector_.data(), keep);
  from_ = hi_ = keep;
  return true;
}

void BlockWriter::Discard() {
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
  LearnSize();
  request_ = request;
  offset_ = position;
  request_->buffer = data;
  known_ = 0;
  from_ = hi_ = bytes;
  return SendUpTo(bytes);
}

// The block up to `end`, which is followed by no byte of its sector that is not
// in the block.
bool BlockWriter::SendUpTo(size_t end) {
  const size_t whole = RoundUp(end, static_cast<size_t>(alignment()));
  size_ = std::max(size_, offset_ + static_cast<int64_t>(end));
  reach_ = std::max(reach_, offset_ + static_cast<int64_t>(whole));
  if (!WaitForRoom()) return Discard(), false;
  Request* r = std::exchange(request_, nullptr);
  r->op = Op::kWrite;
  r->offset = seekable() ? offset_ : kFilePosition;
  r->length = whole;
  if (seekable()) {
    share_->AddReturning();
  } else {
    share_->AddLate();
  }
  Start(r, &HandleWrite, this);
  return true;
}

// In a pipe, nothing must follow what has failed.
bool BlockWriter::WaitForRoom() {
  const size_t room = seekable() ? depth_ : 1;
  while (in_flight() >= room) share_->Wait();
  return ok();
}

// What the file has, or will have, behind hi_ in the sector of that.
bool BlockWriter::FillLastSector() {
  const size_t sector = static_cast<size_t>(alignment());
  const size_t part = hi_ % sector;
  if (part == 0 || hi_ < known_) return true;
  const int64_t at = offset_ + static_cast<int64_t>(hi_ - part);
  if (!ReadSector(at, sector_.data())) return false;
  std::memcpy(request_->buffer + hi_, sector_.data() + part, sector - part);
  return true;
}

// Behind the end of the file there are zeros.
bool BlockWriter::ReadSector(int64_t offset, char* to) {
  const size_t bytes = static_cast<size_t>(alignment());
  size_t got = 0;
  if (offset < size_) {
    char* const own = std::exchange(request_->buffer, to);
    request_->op = Op::kRead;
    request_->offset = offset;
    request_->length = bytes;
    const bool done = Perform(request_);
    got = request_->transferred;
    request_->buffer = own;
    if (!done) return Discard(), false;
  }
  std::memset(to + got, 0, bytes - got);
  return true;
}

// And waits for it.
bool BlockWriter::Perform(Request* request) {
  other_done_ = false;
  Start(request, &HandleOther, this);
  while (!other_done_) share_->Wait();
  if (request->result < 0) Fail(request->status());
  return ok();
}

void BlockWriter::HandleOther(Request* request) {
  BlockWriter* self = static_cast<BlockWriter*>(request->user_data);
  self->CountBack();
  self->other_done_ = true;
}

void BlockWriter::HandleWrite(Request* request) {
  BlockWriter* self = static_cast<BlockWriter*>(request->user_data);
  self->CountBack();
  if (self->seekable()) {
    self->share_->RemoveReturning();
  } else {
    self->share_->RemoveLate();
  }
  if (request->result < 0) self->Fail(request->status());
  self->queue()->Put(request);
}

// Once something is written, nobody else is to write where we do until
// Settle(); before, it may be somebody else's turn.
void BlockWriter::LearnSize() {
  if (reach_ > 0) return;
  const absl::StatusOr<int64_t> size = Size();
  size_ = size.ok() ? *size : 0;
  if (alignment() == 1 || !sector_.empty()) return;
  sector_ = Buffer::Allocate(static_cast<size_t>(alignment()));
  if (sector_.empty()) {
    Fail(absl::ResourceExhaustedError("no memory for a sector"));
  }
}

absl::StatusOr<int64_t> BlockWriter::TrueSize() {
  const absl::StatusOr<int64_t> size = Size();
  if (!size.ok()) return size;
  if (!seekable()) return AppendedSize();
  const int64_t sent = reach_ > 0 ? size_ : *size;
  if (!in_use() || hi_ == 0) return sent;
  return std::max(sent, offset_ + static_cast<int64_t>(hi_));
}

// Where others append, too, only the file tells what it has.
absl::StatusOr<int64_t> BlockWriter::AppendedSize() {
  WaitForAll();
  const int64_t regular = RegularSize();
  if (regular < 0) return Size();  // A disk grows by nothing.
  return regular + (in_use() ? static_cast<int64_t>(hi_) : 0);
}

bool BlockWriter::Settle() {
  WaitForAll();
  CutPadding();
  return ok();
}

// Unless somebody else has made the file longer than we have.  That must not
// come between the look at the size and the cut: from this queue it does not,
// since others' writes are waited for; from elsewhere it would be lost.
void BlockWriter::CutPadding() {
  const bool padded = reach_ > size_;
  const int64_t reach = std::exchange(reach_, 0);
  if (!padded) return;
  share_->WaitForOthers(*this);
  const int64_t now = RegularSize();
  if (now > size_ && now <= reach && ftruncate(file().fd(), size_) != 0) {
    FailErrno(errno, absl::StrCat("cannot cut to ", size_, " bytes:"));
  }
}

bool BlockWriter::Truncate(int64_t size) {
  if (!Settle()) return false;
  if (ftruncate(file().fd(), size) == 0) return true;
  return FailErrno(errno, absl::StrCat("cannot set the size to ", size, " of"));
}

bool BlockWriter::Preallocate(int64_t bytes) {
  LearnSize();
  if (!ok() || bytes == 0 || !seekable()) return ok();
  reach_ = std::max(reach_, bytes);  // It may fail half-way.
  int error;
  do {
    error = fallocate(file().fd(), 0, 0, bytes) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error == 0 || CannotReserve(error)) return true;
  return FailErrno(error, absl::StrCat("cannot reserve ", bytes, " bytes for"));
}

bool BlockWriter::Sync() {
  if (!Settle()) return false;
  if (!seekable() && RegularSize() < 0) return true;  // It is on no disk.
  Request* request = Demand();
  if (request == nullptr) return false;
  request->op = Op::kFsync;
  const bool done = Perform(request);
  // Nobody else's, so that nobody else is to be told.
  if (!done && owns_file()) queue()->ClearErrors(file().fd());
  queue()->Put(request);
  return done;
}

void BlockWriter::Close(int64_t position) {
  if (in_use()) Discard();
  Settle();
  CloseFile(position);
}

}  // namespace uasio::internal
