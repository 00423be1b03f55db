// No allocation after Get() can break a queue: whichever is the first to fail,
// everything submitted comes back, and the queue goes on.

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "asio/lease.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/memory_end.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kRounds = 2;

// Allocates nothing itself.
class NoMemoryTest : public BackendTest {
 protected:
  static QueueOptions Options() {
    QueueOptions options;
    options.buffer_bytes = kBufferAlignment;
    options.depth_max = 8;  // So that there is a backlog.
    options.threads_max = 2;
    return options;
  }

  // Fills in and submits a request, if Get() lends one.
  Request* Try(Op op, int fd, size_t at, unsigned priority = 0) {
    Request* r = queue_->Get();
    if (r == nullptr) return ++refused_, nullptr;
    r->op = op;
    r->fd = fd;
    r->offset = At(at);
    r->length = block();
    r->priority = priority;
    std::memset(r->buffer, 'w', block());
    if (IsVectored(op)) {
      iovec_ = {own_.data(), block()};
      r->iovecs = &iovec_;
      r->iovec_count = 1;
    }
    queue_->Submit(r);
    ++submitted_;
    if (op == Op::kWriteBack) ++writebacks_;
    if (IsSync(op) || op == Op::kWriteBack) failing_ += fd < 0;
    return r;
  }

  // All kinds of requests, some of which others hold.
  void SubmitAll(const BlockFile& a, const BlockFile& b) {
    for (size_t i = 0; i < kRounds; ++i) {
      Try(Op::kRead, a.fd(), i);
      Try(Op::kWrite, a.fd(), 0);
      Try(Op::kWrite, a.fd(), i, /*priority=*/1);
      Request* held = Try(Op::kWrite, a.fd(), 0);
      Try(Op::kWriteBack, b.fd(), i);
      Try(Op::kRead, b.fd(), i, /*priority=*/2);
      Try(Op::kReadv, a.fd(), 5);
      Try(Op::kWritev, b.fd(), 6);
      if (held != nullptr) queue_->Cancel(held);
    }
    Try(Op::kNoOp, -1, 0);
    Try(Op::kFsync, b.fd(), 0);
    for (const int bad_fd : {-1, -1}) Try(Op::kWriteBack, bad_fd, 0);
    Try(Op::kFdatasync, -2, 0);
  }

  // Everything comes back.  Returns how many of these were not write-backs.
  size_t Drain() {
    size_t back = 0;
    sync_failed_ = !queue_->Sync().ok();
    for (Request* all[8]; queue_->in_flight() > 0 || back < Expected();) {
      const size_t count = queue_->WaitMany(absl::MakeSpan(all));
      if (count == 0) break;
      for (size_t i = 0; i < count; ++i) queue_->Put(all[i]);
      back += count;
    }
    return back;
  }

  size_t Expected() const { return submitted_ - writebacks_; }

  // With `left` allocations.  False: no allocation has failed.
  bool RunWith(int left, const BlockFile& a, const BlockFile& b) {
    submitted_ = writebacks_ = failing_ = refused_ = 0;
    size_t back = 0;
    bool thrown = false;
    const MemoryEnd end(left);
    try {
      SubmitAll(a, b);
      back = Drain();
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    end.Lift();
    EXPECT_FALSE(thrown) << "allocation " << left << " was thrown";
    EXPECT_EQ(queue_->in_flight(), 0u);
    EXPECT_EQ(queue_->writebacks(), 0u);
    EXPECT_TRUE(thrown || back == Expected());
    EXPECT_EQ(sync_failed_, failing_ > 0);
    return end.WasMet();
  }

  void ForgetErrors(const BlockFile& a, const BlockFile& b) {
    EXPECT_TRUE(queue_->Forget(a.fd()).ok());
    EXPECT_TRUE(queue_->Forget(b.fd()).ok());
    for (const int bad_fd : {-1, -2}) queue_->ClearErrors(bad_fd);
    EXPECT_TRUE(queue_->Sync().ok());
  }

  std::unique_ptr<Queue> queue_;
  Buffer own_ = Buffer::Allocate(kBufferAlignment);
  iovec iovec_ = {};
  size_t submitted_ = 0;
  size_t writebacks_ = 0;
  size_t failing_ = 0;  // Of these, and of syncs.
  size_t refused_ = 0;  // Get() gave nullptr.
  bool sync_failed_ = false;
};
UASIO_INSTANTIATE_BACKENDS(NoMemoryTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(NoMemoryTest);

TEST_P(NoMemoryTest, WhereverMemoryEndsAllThatWasSubmittedComesBack) {
  const BlockFile a = MakeFile("abcdefgh");
  const BlockFile b = MakeFile("abcdefgh");
  bool met = true;
  for (int left = 0; met && !HasFailure(); ++left) {
    queue_ = MakeQueue(Options());
    met = RunWith(left, a, b);
    if (HasFailure()) {  // Its destructor might wait for ever.
      static_cast<void>(queue_.release());
      break;
    }
    EXPECT_TRUE(met || refused_ == 0);
    ForgetErrors(a, b);
    Request* read = Submit(queue_.get(), Op::kRead, a.fd(), At(7), block());
    EXPECT_EQ(Finish(queue_.get(), read), static_cast<int64_t>(block()));
  }
}

// Get() has allocated what requests need, for as often as they are submitted.
TEST_P(NoMemoryTest, WhatGetHasLentNeedsNoMemory) {
  const BlockFile a = MakeFile("abcdefgh");
  queue_ = MakeQueue(Options());
  std::vector<Request*> batch;
  for (size_t i = 0; i < 40; ++i) {
    batch.push_back(Prepare(queue_.get(), i % 2 == 0 ? Op::kRead : Op::kWrite,
                            a.fd(), At(i % 8), block()));
    batch.back()->priority = static_cast<unsigned>(i % 3);
    std::memset(batch.back()->buffer, 'w', block());
  }
  size_t back = 0;
  const MemoryEnd end(0);
  queue_->Submit(batch);
  while (Request* r = queue_->Wait()) {
    back += r->result == static_cast<int64_t>(block());
  }
  end.Lift();
  EXPECT_EQ(back, batch.size());
}

TEST_P(NoMemoryTest, SubmitAndWaitNeedsNoMemory) {
  const BlockFile a = MakeFile("abcdefgh");
  queue_ = MakeQueue(Options());
  Request* batch[] = {Prepare(queue_.get(), Op::kRead, a.fd(), At(0), block()),
                      Prepare(queue_.get(), Op::kWrite, a.fd(), At(1), block()),
                      Prepare(queue_.get(), Op::kRead, a.fd(), At(1), block())};
  std::memset(batch[1]->buffer, 'w', block());
  const MemoryEnd end(0);
  for (int i = 0; i < 3; ++i) queue_->SubmitAndWait(batch[0]);
  const bool allocated = end.WasMet();
  queue_->SubmitAndWait(batch);  // The pool may fail to make a thread.
  end.Lift();
  EXPECT_FALSE(allocated);
  for (const Request* r : batch) {
    EXPECT_EQ(r->result, static_cast<int64_t>(block()));
  }
  EXPECT_EQ(batch[2]->buffer[0], 'w');
}

// Nor does anything else on a file that the queue uses.
TEST_P(NoMemoryTest, AUsedFileNeedsNoMemory) {
  const BlockFile a = MakeFile("abcdefgh");
  QueueOptions options = Options();
  options.threads_max = 1;  // Making a second one would need memory.
  queue_ = MakeQueue(options);
  queue_->Use(a.fd());
  Request* first = Submit(queue_.get(), Op::kRead, a.fd(), 0, block());
  EXPECT_EQ(Finish(queue_.get(), first), static_cast<int64_t>(block()));
  int64_t bytes = 0;
  const MemoryEnd end(0);
  for (size_t i = 0; i < 100; ++i) {
    Request* r = queue_->Get();
    queue_->Submit(r->Read(a.file(), At(i % 8), block()));
    bytes += queue_->Wait()->result;
    queue_->Put(r);
  }
  const bool allocated = end.WasMet();
  end.Lift();
  EXPECT_FALSE(allocated);
  EXPECT_EQ(bytes, static_cast<int64_t>(100 * block()));
  EXPECT_TRUE(queue_->Forget(a.fd()).ok());
}

struct Counter {
  void Count(Request* r) {
    const Lease done(r);
    bytes += done->result;
  }
  int64_t bytes = 0;
};

// Neither do leases, member functions as handlers, and small closures.
TEST_P(NoMemoryTest, LeasesAndHandlersNeedNoMemory) {
  const BlockFile a = MakeFile("abcdefgh");
  queue_ = MakeQueue(Options());
  Lease lease(queue_->Get());
  Request* const second = queue_->Get();
  Request* const third = queue_->Get();
  Counter counter;
  const MemoryEnd end(0);
  lease->Read(a.file(), 0, block());
  queue_->Submit(std::move(lease));
  queue_->Submit(second->Read(a.file(), At(1), block())
                     ->SetHandler<&Counter::Count>(&counter));
  queue_->Submit(third->Read(a.file(), At(2), block()),
                 [&counter](Request* r) { counter.Count(r); });
  lease = Lease(queue_->Wait());
  const bool synced = queue_->Sync().ok();
  end.Lift();
  EXPECT_TRUE(synced);
  EXPECT_TRUE(lease);
  EXPECT_EQ(counter.bytes, static_cast<int64_t>(2 * block()));
  lease = Lease();
}

}  // namespace
}  // namespace uasio
