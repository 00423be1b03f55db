#include "tools/cp/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/syscalls/perform.h"
#include "tools/cp/extents.h"

namespace uasio {
namespace {

constexpr int64_t kUnknownSize = INT64_MAX;

// Blocks are read in parallel and written in order.  When a block is read, its
// request is submitted again as a write-back.
class Copier {
 public:
  Copier(Queue* queue, CopyEnd source, CopyEnd target, size_t depth,
         Progress* progress)
      : queue_(queue),
        source_(source),
        target_(target),
        depth_(depth),
        progress_(progress) {}

  absl::StatusOr<int64_t> Run();

 private:
  struct Block {
    Request* request;
    char* buffer;
    int64_t offset;
    size_t wanted;
    size_t filled;
    bool done;
  };

  absl::Status Prepare();
  absl::Status PrepareTarget();
  absl::Status Reserve();
  absl::Status CopyBlocks();
  absl::Status StartReads();
  void SubmitRead(Block* block);
  absl::Status HandleCompletion(Request* request);
  void SubmitWriteBack(const Block& block);
  absl::Status CancelAndDrain();
  absl::Status SetTargetSize();

  Queue* const queue_;
  const CopyEnd source_;
  const CopyEnd target_;
  size_t depth_;
  Progress* const progress_;

  int64_t size_ = kUnknownSize;             // Of the copy.
  size_t sector_bytes_ = kBufferAlignment;  // Blocks begin at multiples of it.
  bool target_is_regular_file_ = false;     // And no stream.
  std::optional<DataBlocks> blocks_;
  std::deque<Block> reading_;  // In the order of their offsets.
};

absl::StatusOr<int64_t> Copier::Run() {
  absl::Status status = Prepare();
  if (status.ok()) status = CopyBlocks();
  const absl::Status written = CancelAndDrain();
  if (status.ok()) status = written;
  if (status.ok()) status = SetTargetSize();
  if (!status.ok()) return status;
  return size_;
}

absl::Status Copier::Prepare() {
  for (const File* file : {source_.file, target_.file}) {
    const size_t bytes = file->alignment().offset_bytes;
    sector_bytes_ = std::max(sector_bytes_, bytes);
    const size_t buffer_bytes = queue_->options().buffer_bytes;
    if (buffer_bytes % bytes == 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(file->path(), " wants direct I/O in blocks of ", bytes,
                     " bytes; a buffer has ", buffer_bytes, " bytes"));
  }
  if (!source_.is_stream) {
    const absl::StatusOr<int64_t> size = source_.file->Size();
    if (!size.ok()) return size.status();
    // The size may be wrong: 0, as with the files of /proc, or too small.
    if (*size > 0 && EndsAt(source_.file->fd(), *size)) size_ = *size;
  }
  // Without a size, reads may be short: the next offset is known only after the
  // read.
  if (size_ == kUnknownSize) depth_ = 1;
  progress_->Begin("copying", size_ == kUnknownSize ? 0 : size_);
  return PrepareTarget();
}

absl::Status Copier::PrepareTarget() {
  const int fd = target_.file->fd();
  struct stat info;
  target_is_regular_file_ =
      !target_.is_stream && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  const bool skips_holes = target_is_regular_file_ && size_ != kUnknownSize;
  blocks_.emplace(skips_holes ? source_.file->fd() : kAllIsData, size_,
                  sector_bytes_);
  if (!target_is_regular_file_) return absl::OkStatus();
  if (ftruncate(fd, 0) != 0) {
    return ErrnoStatus(errno,
                       absl::StrCat("cannot empty ", target_.file->path()));
  }
  return size_ == kUnknownSize ? absl::OkStatus() : Reserve();
}

// Allocates the target's space, so that a full disk is an error before the copy
// and direct writes need not extend the file.  Does nothing if the source has
// holes, or the file system cannot allocate.
absl::Status Copier::Reserve() {
  struct stat info;
  if (fstat(source_.file->fd(), &info) == 0 &&
      info.st_blocks < info.st_size / 512) {
    return absl::OkStatus();
  }
  if (fallocate(target_.file->fd(), 0, 0, size_) == 0 ||
      (errno != ENOSPC && errno != EDQUOT && errno != EFBIG)) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, absl::StrCat("cannot reserve ", size_,
                                         " bytes for ", target_.file->path()));
}

absl::Status Copier::CopyBlocks() {
  while (true) {
    absl::Status status = StartReads();
    if (status.ok() && reading_.empty()) return absl::OkStatus();
    if (status.ok()) status = HandleCompletion(queue_->Wait());
    if (status.ok()) status = queue_->ledger().status(target_.file->fd());
    if (!status.ok()) return status;
    while (!reading_.empty() && reading_.front().done) {
      const Block& block = reading_.front();
      SubmitWriteBack(block);
      progress_->Update(block.offset + static_cast<int64_t>(block.filled));
      reading_.pop_front();
    }
  }
}

// Submits reads until `depth_` blocks are in reading_.
absl::Status Copier::StartReads() {
  const int64_t buffer_bytes =
      static_cast<int64_t>(queue_->options().buffer_bytes);
  while (reading_.size() < depth_) {
    // Gets the request first: a block cannot be given back to blocks_.
    Request* request = queue_->Get();
    if (request == nullptr) {
      if (!reading_.empty()) break;
      if (queue_->writebacks() > 0) {
        queue_->Sync().IgnoreError();  // The ledger keeps the error.
        continue;
      }
      return absl::ResourceExhaustedError(
          absl::StrCat("no memory for a buffer of ", buffer_bytes, " bytes"));
    }
    const Extent extent = blocks_->Next(buffer_bytes);
    const int64_t end = std::min(extent.end, size_);
    if (extent.begin >= end) {
      queue_->Put(request);
      break;
    }
    reading_.push_back({request, request->buffer, extent.begin,
                        static_cast<size_t>(end - extent.begin), 0, false});
    SubmitRead(&reading_.back());
  }
  return absl::OkStatus();
}

// Reads the missing rest of a block.  On a direct file the length is rounded up
// to whole sectors, so that the read at its end is short.
void Copier::SubmitRead(Block* block) {
  const int64_t filled = static_cast<int64_t>(block->filled);
  Request* r = block->request;
  r->op = Op::kRead;
  r->fd = source_.file->fd();
  r->offset = source_.is_stream ? kFilePosition : block->offset + filled;
  r->buffer = block->buffer + filled;
  r->length = block->wanted - block->filled;
  r->length = RoundUp(r->length, source_.file->alignment().offset_bytes);
  r->user_data = block;
  queue_->Submit(r);
}

// Adds a completed read to its block.  A short one is the end of file if the fd
// has a size or no byte came; else submits a read of the rest.
absl::Status Copier::HandleCompletion(Request* r) {
  Block* block = static_cast<Block*>(r->user_data);
  block->done = true;
  if (r->result < 0) return r->status();
  const size_t wanted = block->wanted - block->filled;
  const size_t got = std::min(static_cast<size_t>(r->result), wanted);
  block->filled += got;
  if (got == wanted) return absl::OkStatus();
  if (got == 0 || (r->traits.sized && !r->traits.may_wait)) {
    size_ =
        std::min(size_, block->offset + static_cast<int64_t>(block->filled));
  } else {
    block->done = false;
    SubmitRead(block);
  }
  return absl::OkStatus();
}

// On a direct file the last block is padded with zeros; SetTargetSize() cuts
// them off.
void Copier::SubmitWriteBack(const Block& block) {
  Request* r = block.request;
  if (block.offset >= size_) return queue_->Put(r);  // The source shrank.
  r->op = Op::kWriteBack;
  r->fd = target_.file->fd();
  r->offset = target_.is_stream ? kFilePosition : block.offset;
  r->buffer = block.buffer;
  r->length = RoundUp(block.filled, target_.file->alignment().offset_bytes);
  memset(r->buffer + block.filled, 0, r->length - block.filled);
  queue_->Submit(r);
}

// Puts all requests back, and returns the error of the writes.  After an error
// some reads are still in flight; it cancels them, since one of a pipe might
// never complete.
absl::Status Copier::CancelAndDrain() {
  for (const Block& block : reading_) {
    if (block.done) {
      queue_->Put(block.request);
    } else {
      queue_->Cancel(block.request);
    }
  }
  reading_.clear();
  queue_->Sync().IgnoreError();  // Forget() returns the error, too.
  while (Request* request = queue_->TryWait()) queue_->Put(request);
  // No errors of reads are kept.
  queue_->Forget(source_.file->fd()).IgnoreError();
  return queue_->Forget(target_.file->fd());
}

absl::Status Copier::SetTargetSize() {
  if (!target_is_regular_file_ || ftruncate(target_.file->fd(), size_) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, absl::StrCat("cannot set the size of ",
                                         target_.file->path(), " to ", size_));
}

}  // namespace

absl::StatusOr<int64_t> CopyFile(Queue* queue, CopyEnd source, CopyEnd target,
                                 size_t depth, Progress* progress) {
  return Copier(queue, source, target, depth, progress).Run();
}

}  // namespace uasio
