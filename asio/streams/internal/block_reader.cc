#include "asio/streams/internal/block_reader.h"

#include <errno.h>

#include <algorithm>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/syscalls/perform.h"
#include "workqueue/check.h"

namespace uasio::internal {

int64_t BlockReader::Block::end() const {
  const int64_t bytes = !done ? static_cast<int64_t>(request->length)
                              : static_cast<int64_t>(request->transferred);
  return offset + bytes;
}

bool BlockReader::Block::Has(int64_t position) const {
  return offset <= position && position < end();
}

BlockReader::BlockReader(File file, const File* borrowed,
                         const StreamOptions& options, int64_t end)
    : Stream(Direction::kReads, std::move(file), borrowed, options), end_(end) {
  UASIO_CHECK(end >= 0, "Reader: its end is negative");
  if (seekable()) size_ = first_size();
  share_->Add(this);
}

BlockReader::~BlockReader() {
  if (!closed() && IsThisProcess()) Close(view_.offset);
}

void BlockReader::KeepByteBefore(int64_t position) {
  if (position == kept_end_) return;  // A further call at the end of file.
  const bool ends = position == view_.offset + (view_.end - view_.begin);
  kept_end_ = ends && view_.begin != view_.end ? position : 0;
  if (kept_end_ != 0) kept_byte_ = view_.end[-1];
}

bool BlockReader::MoveTo(int64_t position) {
  KeepByteBefore(position);
  view_ = View();
  if (position >= end_) return DropAll(), false;
  while (!blocks_.empty() && !blocks_.front().Has(position)) {
    // A failed read stays: WaitForFront() reports its error.
    const Block& front = blocks_.front();
    if (front.done && front.request->result < 0 && front.end() == position) {
      break;
    }
    Drop(&blocks_.front());
  }
  if (!ok()) return false;
  // Read-ahead may have met an end of file that has moved since: read again.
  if (!blocks_.empty() && (WaitForFront(position) || !ok())) return ok();
  return ReadBlockAt(position) && WaitForFront(position);
}

// Submits the block of `position`, with nothing read ahead.  False: that is at
// or beyond the end of file, or it has failed.
bool BlockReader::ReadBlockAt(int64_t position) {
  const bool sequential = next_offset_ == position;
  if (!sequential) {
    next_offset_ = seekable() ? position / alignment() * alignment() : position;
    window_blocks_ = 1;
  }
  if (seekable() && !(sequential && next_offset_ < size_)) {
    // The size may be wrong: 0, as with the files of /proc, or too small.
    size_ = RegularSize();
    if (size_ > 0 && position >= size_ && EndsAt(file().fd(), position)) {
      return false;
    }
  }
  if (next_offset_ > block_offset_max()) {  // The offsets of a block overflow.
    if (position >= size_) return false;
    return FailErrno(EOVERFLOW,
                     absl::StrCat("cannot read at offset ", position, " of"));
  }
  if (!ReserveBlock()) return FailErrno(ENOMEM, "cannot read");
  Request* request = GetRequest();
  if (request == nullptr) return false;
  const bool is_only_one = window_blocks_ == 1;  // ReadAhead() adds none.
  SubmitBlock(request, /*waits=*/is_only_one);
  return true;
}

// Makes room for the next block before its request is taken.  False: there is
// no memory.
bool BlockReader::ReserveBlock() {
  try {
    if (spare_.empty()) spare_.emplace_back();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// The length of the block at next_offset_: less than block_bytes() if end_, or
// the end of the file when its size was last seen, is in it.  A read that fills
// its length need not ask whether the file ends there.
size_t BlockReader::NextLength() const {
  const int64_t end = next_offset_ < size_ ? std::min(size_, end_) : end_;
  const int64_t left = end - next_offset_;
  if (left >= static_cast<int64_t>(block_bytes())) return block_bytes();
  return RoundUp(static_cast<size_t>(left), static_cast<size_t>(alignment()));
}

// REQUIRES: ReserveBlock(), next_offset_ < end_.
void BlockReader::SubmitBlock(Request* request, bool waits) {
  request->op = Op::kRead;
  request->offset = seekable() ? next_offset_ : kFilePosition;
  request->length = NextLength();
  const auto self = spare_.begin();
  blocks_.splice(blocks_.end(), spare_, self);
  *self = {this, request, next_offset_, false, false, self};
  next_offset_ += static_cast<int64_t>(request->length);
  if (waits) {
    PerformWithHandler(request, &HandleRead, &*self);
  } else {
    SubmitWithHandler(request, &HandleRead, &*self);
  }
}

// Submits blocks until the window is full, the size last seen is reached, or no
// request or memory is free.
void BlockReader::ReadAhead() {
  if (!seekable()) return;
  const int64_t offset_max = block_offset_max();
  const int64_t file_end = size_ < 0 ? offset_max : size_;
  const int64_t end = std::min({file_end, offset_max, end_});
  while (blocks_.size() < window_blocks_ && next_offset_ < end) {
    Request* request = ReserveBlock() ? queue()->Get() : nullptr;
    if (request == nullptr) break;
    SubmitBlock(request);
  }
  window_blocks_ = std::min(2 * window_blocks_, depth_ + 1);
}

// Reads ahead, waits for the first block, and makes a view of it.  False: it
// does not have `position`, or its read has failed; then all blocks are
// dropped.
bool BlockReader::WaitForFront(int64_t position) {
  ReadAhead();
  const Block& front = blocks_.front();
  while (!front.done) share_->WaitForHandler();
  if (front.Has(position)) {
    const int64_t bytes = std::min(front.end(), end_) - front.offset;
    char* const begin = front.request->buffer;
    view_ = {front.offset, begin, begin + bytes};
    return true;
  }
  if (front.request->result < 0) FailRequest(*front.request);
  DropAll();
  return false;
}

Request* BlockReader::TakeCurrent() {
  KeepByteBefore(view_.offset + (view_.end - view_.begin));
  Request* request = blocks_.front().request;
  blocks_.pop_front();
  view_ = View();
  return request;
}

void BlockReader::Drop(Block* block) {
  if (block->done) {
    queue()->Put(block->request);
    blocks_.erase(block->self);
    return;
  }
  block->dropped = true;
  share_->AddReturningSoon();
  dropped_.splice(dropped_.end(), blocks_, block->self);
}

void BlockReader::DropAll() {
  while (!blocks_.empty()) Drop(&blocks_.back());
}

void BlockReader::HandleRead(Request* request) noexcept {
  Block* block = static_cast<Block*>(request->user_data);
  BlockReader* owner = block->owner;
  owner->CountCompletion();
  block->done = true;
  if (!block->dropped) return;
  owner->share_->RemoveReturningSoon();
  owner->queue()->Put(request);
  owner->dropped_.erase(block->self);
}

size_t BlockReader::spare_requests() const {
  return blocks_.empty() ? 0 : blocks_.size() - 1;
}

void BlockReader::ReleaseOne() {
  next_offset_ = blocks_.back().offset;
  Drop(&blocks_.back());
}

void BlockReader::Close(int64_t position) {
  view_ = View();
  DropAll();
  // Cancel() runs no handler, so the list does not change.
  for (Block& block : dropped_) queue()->Cancel(block.request);
  WaitForAll();
  share_->Remove(this);
  CloseFile(position);
}

}  // namespace uasio::internal
