#include "asio/streams/internal/block_reader.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace uasio::internal {

// Where what was read of it ends; until then, where it may.
int64_t BlockReader::Block::end() const {
  const int64_t bytes = !done ? static_cast<int64_t>(request->length)
                              : static_cast<int64_t>(request->transferred);
  return offset + bytes;
}

bool BlockReader::Block::Has(int64_t position) const {
  return offset <= position && position < end();
}

BlockReader::BlockReader(File file, const File* borrowed,
                         const StreamOptions& options)
    : Stream(Direction::kReads, std::move(file), borrowed, options) {
  share_->Add(this);
}

BlockReader::~BlockReader() {
  if (!closed()) Close(view_.offset);
}

bool BlockReader::MoveTo(int64_t position) {
  view_ = View();
  while (!blocks_.empty() && !blocks_.front().Has(position)) {
    // A failed read stays, to be told of by the one who comes to it.
    const Block& front = blocks_.front();
    if (front.done && front.request->result < 0 && front.end() == position) {
      break;
    }
    Drop(&blocks_.front());
  }
  if (!ok()) return false;
  // What was read ahead may have met an end that the file has outgrown since.
  if (!blocks_.empty() && (Present(position) || !ok())) return ok();
  return Restart(position) && Present(position);
}

// Reads the block that has `position`, with nothing read ahead.  False: that is
// at the end of the file, or there is no buffer.
bool BlockReader::Restart(int64_t position) {
  const bool goes_on = next_ == position;
  if (!goes_on) {
    next_ = seekable() ? position / alignment() * alignment() : position;
    window_ = 1;
  }
  if (seekable() && !(goes_on && next_ < size_)) {
    // A size of 0 is not believed: the files of /proc have it.
    size_ = RegularSize();
    if (size_ > 0 && position >= size_) return false;
  }
  if (next_ > block_offset_max()) {  // Where hardly any file has something.
    if (position >= size_) return false;
    return FailErrno(EOVERFLOW,
                     absl::StrCat("cannot read at offset ", position, " of"));
  }
  Request* request = Demand();
  return request != nullptr && StartBlock(request);
}

bool BlockReader::StartBlock(Request* request) {
  request->op = Op::kRead;
  request->offset = seekable() ? next_ : kFilePosition;
  request->length = block_bytes();
  blocks_.push_back({this, request, next_, false, false, {}});
  Block* block = &blocks_.back();
  block->self = std::prev(blocks_.end());
  next_ += static_cast<int64_t>(request->length);
  Start(request, &HandleRead, block);
  return true;
}

// As far as the window, the file as it was seen, and the requests go.
void BlockReader::ReadOn() {
  if (!seekable()) return;
  const int64_t far = block_offset_max();
  const int64_t end = size_ < 0 ? far : std::min(size_, far);
  while (blocks_.size() < window_ && next_ < end) {
    Request* request = queue()->Get();
    if (request == nullptr) break;
    StartBlock(request);
  }
  window_ = std::min(2 * window_, depth_ + 1);
}

// Makes a view of the first block, when it is there.
bool BlockReader::Present(int64_t position) {
  ReadOn();
  const Block& front = blocks_.front();
  while (!front.done) share_->Wait();
  if (front.Has(position)) {
    view_ = {front.offset, front.request->buffer,
             front.request->buffer + front.request->transferred};
    return true;
  }
  if (front.request->result < 0) Fail(front.request->status());
  DropAll();
  return false;
}

Request* BlockReader::TakeCurrent() {
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
  share_->AddReturning();
  dropped_.splice(dropped_.end(), blocks_, block->self);
}

void BlockReader::DropAll() {
  while (!blocks_.empty()) Drop(&blocks_.back());
}

void BlockReader::HandleRead(Request* request) {
  Block* block = static_cast<Block*>(request->user_data);
  BlockReader* owner = block->owner;
  owner->CountBack();
  block->done = true;
  if (!block->dropped) return;
  owner->share_->RemoveReturning();
  owner->queue()->Put(request);
  owner->dropped_.erase(block->self);
}

size_t BlockReader::spare() const {
  return blocks_.empty() ? 0 : blocks_.size() - 1;
}

void BlockReader::GiveBackOne() {
  next_ = blocks_.back().offset;
  Drop(&blocks_.back());
}

void BlockReader::Close(int64_t position) {
  view_ = View();
  DropAll();
  // Cancelling runs no handler, so the list stays as it is.
  for (Block& block : dropped_) queue()->Cancel(block.request);
  WaitForAll();
  share_->Remove(this);
  CloseFile(position);
}

}  // namespace uasio::internal
