#include "tools/cp/compare.h"

#include <string.h>

#include <algorithm>
#include <cstdint>
#include <deque>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "asio/syscalls/perform.h"

namespace uasio {
namespace {

// Of files that have more bytes than they tell, or fewer: then their reads tell
// the end.
constexpr int64_t kUnknownSize = INT64_MAX;

// True if the file has a byte before `size` and none behind.  A direct file
// cannot be asked for a byte, and its size is right.
bool EndsWhereTold(const File& file, int64_t size) {
  if (!EndsAt(file.fd(), size)) return false;
  return size == 0 || file.direct() || !EndsAt(file.fd(), size - 1);
}

class Comparer {
 public:
  Comparer(Queue* queue, const File& a, const File& b, size_t depth,
           Progress* progress)
      : queue_(queue), files_{&a, &b}, depth_(depth), progress_(progress) {}

  absl::Status Run();

 private:
  // The blocks at one offset, one of each file.
  struct Pair {
    int64_t offset;
    Request* requests[2];
    bool done[2];
  };

  absl::Status CompareSizes();
  absl::Status CompareBlocks();
  bool StartReads(int64_t offset);
  absl::Status HandleCompletion(Request* request);
  absl::Status ComparePair(const Pair& pair) const;
  void CancelAndDrain();

  Queue* const queue_;
  const File* const files_[2];
  const size_t depth_;
  Progress* const progress_;

  int64_t size_ = 0;
  std::deque<Pair> pairs_;  // In the order of their offsets.
};

absl::Status Comparer::Run() {
  absl::Status status = CompareSizes();
  if (status.ok()) status = CompareBlocks();
  CancelAndDrain();
  return status;
}

absl::Status Comparer::CompareSizes() {
  int64_t sizes[2];
  bool told_right = true;
  for (int i = 0; i < 2; ++i) {
    const absl::StatusOr<int64_t> size = files_[i]->Size();
    if (!size.ok()) return size.status();
    sizes[i] = *size;
    told_right &= EndsWhereTold(*files_[i], *size);
  }
  size_ = told_right ? sizes[0] : kUnknownSize;
  if (sizes[0] == sizes[1] || !told_right) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(files_[0]->path(), " has ", sizes[0],
                                          " bytes, and ", files_[1]->path(),
                                          " has ", sizes[1]));
}

absl::Status Comparer::CompareBlocks() {
  progress_->Begin("verifying", size_ == kUnknownSize ? 0 : size_);
  const int64_t block_bytes =
      static_cast<int64_t>(queue_->options().buffer_bytes);
  int64_t next = 0;
  while (true) {
    while (next < size_ && pairs_.size() < depth_ && StartReads(next)) {
      next += block_bytes;
    }
    if (pairs_.empty() && next >= size_) return absl::OkStatus();
    if (pairs_.empty()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("no memory for two buffers of ", block_bytes, " bytes"));
    }
    const absl::Status status = HandleCompletion(queue_->Wait());
    if (!status.ok()) return status;
  }
}

// Returns false if the queue cannot lend two requests now.
bool Comparer::StartReads(int64_t offset) {
  Pair pair = {offset, {queue_->Get(), queue_->Get()}, {false, false}};
  if (pair.requests[0] == nullptr || pair.requests[1] == nullptr) {
    for (Request* r : pair.requests) {
      if (r != nullptr) queue_->Put(r);
    }
    return false;
  }
  pairs_.push_back(pair);
  for (int i = 0; i < 2; ++i) {
    Request* r = pair.requests[i];
    r->fd = files_[i]->fd();
    r->offset = offset;
    r->length = queue_->options().buffer_bytes;
    r->user_data = &pairs_.back();
    queue_->Submit(r);
  }
  return true;
}

absl::Status Comparer::HandleCompletion(Request* request) {
  Pair* pair = static_cast<Pair*>(request->user_data);
  pair->done[request == pair->requests[1]] = true;
  if (request->result < 0) return request->status();
  while (!pairs_.empty() && pairs_.front().done[0] && pairs_.front().done[1]) {
    const Pair& front = pairs_.front();
    const absl::Status status = ComparePair(front);
    if (!status.ok()) return status;
    progress_->Update(front.offset);
    const Request& read = *front.requests[0];
    if (read.transferred < read.length) size_ = std::min(size_, front.offset);
    for (Request* r : front.requests) queue_->Put(r);
    pairs_.pop_front();
  }
  return absl::OkStatus();
}

absl::Status Comparer::ComparePair(const Pair& pair) const {
  const Request& a = *pair.requests[0];
  const Request& b = *pair.requests[1];
  const int64_t common = std::min(a.result, b.result);
  if (a.result == b.result && memcmp(a.buffer, b.buffer, common) == 0) {
    return absl::OkStatus();
  }
  const char* differs =
      std::mismatch(a.buffer, a.buffer + common, b.buffer).first;
  return absl::DataLossError(absl::StrCat(files_[0]->path(), " and ",
                                          files_[1]->path(), " differ at byte ",
                                          pair.offset + (differs - a.buffer)));
}

// Puts all requests back; cancels those that are still in flight after an
// error.
void Comparer::CancelAndDrain() {
  for (const Pair& pair : pairs_) {
    for (int i = 0; i < 2; ++i) {
      if (pair.done[i]) {
        queue_->Put(pair.requests[i]);
      } else {
        queue_->Cancel(pair.requests[i]);
      }
    }
  }
  pairs_.clear();
  queue_->Sync().IgnoreError();  // It returns no errors of reads.
  while (Request* request = queue_->TryWait()) queue_->Put(request);
  for (const File* file : files_) queue_->Forget(file->fd()).IgnoreError();
}

}  // namespace

absl::Status CompareFiles(Queue* queue, const File& a, const File& b,
                          size_t depth, Progress* progress) {
  return Comparer(queue, a, b, depth, progress).Run();
}

}  // namespace uasio
