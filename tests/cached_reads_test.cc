// Reads that the page cache has complete inside Submit(), without a thread.

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "asio/queue.h"
#include "asio/testing/child.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "gtest/gtest.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

constexpr size_t kLong = 65 << 10;  // Longer than a cached read.

QueueOptions WithPool(WorkerPool* pool, bool cached_reads) {
  QueueOptions options;
  options.pool = pool;
  options.cached_reads = cached_reads;
  options.buffer_bytes = kLong;
  return options;
}

// A file of kLong bytes in the page cache, and a queue whose pool's threads
// tell whether a worker was asked for.
class CachedReadsTest : public testing::Test {
 protected:
  explicit CachedReadsTest(bool cached_reads = true)
      : queue_(WithPool(&pool_, cached_reads)) {}

  void SetUp() override {
    char byte;
    const iovec one = {&byte, 1};
    const ssize_t n = preadv2(file_.get(), &one, 1, 0, RWF_NOWAIT);
    if (n < 0) GTEST_SKIP() << "no RWF_NOWAIT here: " << std::strerror(errno);
  }

  // Submits the read and returns what it has read, without waiting; "late" if
  // it is not back.
  std::string ReadNow(size_t at, size_t length) {
    Submit(&queue_, Op::kRead, file_.get(), static_cast<int64_t>(at), length);
    Request* r = queue_.TryWait();
    if (r == nullptr) return "late";
    const std::string bytes = BytesOf(*r);
    queue_.Put(r);
    return bytes;
  }

  std::string Text(size_t at, size_t length) {
    return text_.substr(at, length);
  }

  const Scratch scratch_;
  const std::string text_ = Random(kLong);
  const Fd file_ = scratch_.Open("file", text_);
  WorkerPool pool_;
  Queue queue_;

 private:
  static std::string Random(size_t bytes) {
    std::string text(bytes, 'a');
    for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * i % 251);
    return text;
  }
};

TEST_F(CachedReadsTest, CompleteInsideSubmit) {
  EXPECT_EQ(ReadNow(0, 4096), Text(0, 4096));
  EXPECT_EQ(ReadNow(1, 64 << 10), Text(1, 64 << 10));
  EXPECT_EQ(pool_.threads(), 0u);
  EXPECT_EQ(queue_.stats().cached, 2u);
  EXPECT_EQ(queue_.stats().workers, 2u);
}

TEST_F(CachedReadsTest, EndAtTheEndOfTheFile) {
  EXPECT_EQ(ReadNow(kLong - 10, 4096), Text(kLong - 10, 10));
  EXPECT_EQ(ReadNow(kLong, 4096), "");
  EXPECT_EQ(ReadNow(2 * kLong, 4096), "");
  EXPECT_EQ(pool_.threads(), 0u);
}

TEST_F(CachedReadsTest, MayBeVectored) {
  char first[10], second[20];
  const iovec iovecs[] = {{first, sizeof(first)}, {second, sizeof(second)}};
  Request* r = queue_.Get();
  ASSERT_NE(r, nullptr);
  queue_.Submit(r->Readv(file_.get(), 5, iovecs));
  ASSERT_EQ(queue_.TryWait(), r);
  EXPECT_EQ(r->result, 30);
  EXPECT_EQ(std::string(first, 10) + std::string(second, 20), Text(5, 30));
  queue_.Put(r);
  EXPECT_EQ(pool_.threads(), 0u);
}

// More than one Reap() returns at once, and than the depth.
TEST_F(CachedReadsTest, MayBeMany) {
  constexpr size_t kReads = 200;
  std::vector<Request*> batch;
  for (size_t i = 0; i < kReads; ++i) {
    batch.push_back(
        Prepare(&queue_, Op::kRead, file_.get(), static_cast<int64_t>(i), 100));
  }
  queue_.Submit(batch);
  for (size_t i = 0; i < kReads; ++i) {
    Request* r = queue_.TryWait();
    ASSERT_NE(r, nullptr) << i;
    EXPECT_EQ(BytesOf(*r), Text(static_cast<size_t>(r->offset), 100));
    queue_.Put(r);
  }
  EXPECT_EQ(queue_.stats().cached, kReads);
  EXPECT_EQ(pool_.threads(), 0u);
}

// So that a call does not copy for long, workers copy the rest.
TEST_F(CachedReadsTest, AreHandedOverBeyondABound) {
  std::vector<Request*> batch;
  for (int i = 0; i < 20; ++i) {
    batch.push_back(Prepare(&queue_, Op::kRead, file_.get(), 0, 64 << 10));
  }
  queue_.SubmitAndWait(batch);
  for (Request* r : batch) {
    EXPECT_EQ(BytesOf(*r), Text(0, 64 << 10));
    queue_.Put(r);
  }
  EXPECT_EQ(queue_.stats().cached, 8u);
  EXPECT_EQ(queue_.stats().owner, 1u);
  EXPECT_EQ(queue_.stats().workers, 19u);
}

TEST_F(CachedReadsTest, AHandlerMayReadOn) {
  struct Left {
    int reads = 100;
    void OnRead(Request* r) {
      if (--reads > 0) return r->queue->Submit(r);
      r->queue->Put(r);
    }
  } left;
  Request* r = Prepare(&queue_, Op::kRead, file_.get(), 0, 10);
  queue_.Submit(r->SetHandler<&Left::OnRead>(&left));
  while (queue_.in_flight() > 0) EXPECT_TRUE(queue_.Sync().ok());
  EXPECT_EQ(left.reads, 0);
  EXPECT_EQ(pool_.threads(), 0u);
}

TEST_F(CachedReadsTest, MoveTheFilePosition) {
  EXPECT_EQ(lseek(file_.get(), 100, SEEK_SET), 100);
  Submit(&queue_, Op::kRead, file_.get(), kFilePosition, 50);
  Submit(&queue_, Op::kRead, file_.get(), kFilePosition, 50);
  for (size_t at : {100, 150}) {
    Request* r = queue_.WaitUntil(TestDeadline());
    ASSERT_NE(r, nullptr);
    EXPECT_EQ(BytesOf(*r), Text(at, 50));
    queue_.Put(r);
  }
  EXPECT_EQ(pool_.threads(), 0u);
}

TEST_F(CachedReadsTest, LongOnesAreForWorkers) {
  Request* r = Submit(&queue_, Op::kRead, file_.get(), 0, kLong);
  ASSERT_EQ(queue_.WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), text_);
  queue_.Put(r);
  EXPECT_EQ(queue_.stats().cached, 0u);
  EXPECT_EQ(queue_.stats().workers, 1u);
}

// The write is with a worker; the read is started by the call that reaps it.
TEST_F(CachedReadsTest, ComeAfterTheWritesBeforeThem) {
  Request* write = SubmitWrite(&queue_, Op::kWrite, file_.get(), 3, "new");
  Request* read = Submit(&queue_, Op::kRead, file_.get(), 0, 9);
  ASSERT_EQ(queue_.WaitUntil(TestDeadline()), write);
  ASSERT_EQ(queue_.WaitUntil(TestDeadline()), read);
  EXPECT_EQ(BytesOf(*read), Text(0, 3) + "new" + Text(6, 3));
  EXPECT_EQ(queue_.stats().cached, 1u);
}

TEST_F(CachedReadsTest, HandlersRunInACallThatRunsHandlers) {
  static int handled;
  handled = 0;
  Request* r = Prepare(&queue_, Op::kRead, file_.get(), 0, 10);
  r->handler = [](Request* request) noexcept {
    handled += request->result == 10;
    request->queue->Put(request);
  };
  queue_.Submit(r);
  EXPECT_EQ(handled, 0);
  EXPECT_TRUE(queue_.RunHandlers(absl::InfinitePast()));
  EXPECT_EQ(handled, 1);
}

TEST_F(CachedReadsTest, MakeTheEventFdReadable) {
  const absl::StatusOr<int> event_fd = queue_.event_fd();
  ASSERT_TRUE(event_fd.ok()) << event_fd.status();
  pollfd polled = {*event_fd, POLLIN, 0};
  EXPECT_EQ(poll(&polled, 1, 0), 0);
  Submit(&queue_, Op::kRead, file_.get(), 0, 10);
  EXPECT_EQ(poll(&polled, 1, 0), 1);
}

TEST_F(CachedReadsTest, CancellingComesTooLate) {
  Request* r = Submit(&queue_, Op::kRead, file_.get(), 0, 10);
  queue_.Cancel(r);
  ASSERT_EQ(queue_.TryWait(), r);
  EXPECT_EQ(r->result, 10);
}

// So many that the backend reads several by one system call.  In each batch one
// read is behind the end, and one is too long for the page cache's attempt.
TEST_F(CachedReadsTest, BatchesComplete) {
  constexpr size_t kBatch = 16, kRounds = 1200, kBytes = 4096;
  for (size_t round = 0; round < kRounds; ++round) {
    std::vector<Request*> batch;
    for (size_t i = 0; i < kBatch; ++i) {
      Request* r = queue_.Get();
      ASSERT_NE(r, nullptr);
      r->op = Op::kRead;
      r->fd = file_.get();
      r->offset = static_cast<int64_t>(
          i == 3 ? kLong : (round + i) * 512 % (kLong - kBytes));
      r->length = i == 7 ? kLong : kBytes;
      batch.push_back(r);
    }
    queue_.Submit(batch);
    for (size_t i = 0; i < kBatch; ++i) {
      Request* r = queue_.WaitUntil(TestDeadline());
      ASSERT_NE(r, nullptr);
      const size_t at = static_cast<size_t>(r->offset);
      const size_t expected = std::min(r->length, kLong - at);
      ASSERT_EQ(r->result, static_cast<int64_t>(expected));
      ASSERT_EQ(BytesOf(*r), Text(at, expected)) << round;
      queue_.Put(r);
    }
  }
  EXPECT_EQ(queue_.stats().cached, kRounds * (kBatch - 1));
}

// In a child: afterwards only io_submit(2) can read without a worker.
TEST_F(CachedReadsTest, BatchesAreReadByOneCall) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  const ChildOutcome outcome = RunInChild([this] {
    Queue queue(WithPool(nullptr, true));
    const auto read = [&](size_t rounds) {
      for (size_t round = 0; round < rounds; ++round) {
        std::vector<Request*> batch;
        for (int i = 0; i < 16; ++i) {
          batch.push_back(queue.Get()->Read(file_.get(), 4096 * i, 4096));
        }
        queue.Submit(batch);
        while (Request* r = queue.Wait()) queue.Put(r);
      }
      return queue.stats().cached;
    };
    const uint64_t before = read(1100);
    RefuseCalls({{SYS_preadv2, EOPNOTSUPP}, {SYS_clone3, EAGAIN}});
    return before == 1100 * 16 && read(10) == before + 160 ? 0 : 1;
  });
  EXPECT_EQ(outcome.status, 0);
}

// Whether the first page is in memory.  An attempt to read would make it so.
bool IsCached(int fd) {
  void* const page = mmap(nullptr, 1, PROT_READ, MAP_SHARED, fd, 0);
  EXPECT_NE(page, MAP_FAILED);
  unsigned char in_memory = 1;
  EXPECT_EQ(mincore(page, 1, &in_memory), 0);
  munmap(page, 1);
  return (in_memory & 1) != 0;
}

class DroppedReadsTest : public CachedReadsTest {
 protected:
  void SetUp() override {
    CachedReadsTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(fdatasync(file_.get()), 0);
    // Without read-ahead an attempt brings no other page into memory.
    posix_fadvise(file_.get(), 0, 0, POSIX_FADV_RANDOM);
    Drop();
    if (IsCached(file_.get())) {
      GTEST_SKIP() << "the file system keeps the file in memory";
    }
  }

  void Drop() { posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED); }
};

// An attempt starts to read the page, and a fast device may have it before the
// attempt looks again.  So the page is read until it comes too late.
TEST_F(DroppedReadsTest, AreForWorkers) {
  const absl::Time deadline = TestDeadline();
  while (pool_.threads() == 0 && absl::Now() < deadline) {
    Drop();
    const uint64_t cached = queue_.stats().cached;
    Request* r = Submit(&queue_, Op::kRead, file_.get(), 0, 4096);
    ASSERT_EQ(queue_.WaitUntil(deadline), r);
    EXPECT_EQ(BytesOf(*r), Text(0, 4096));
    queue_.Put(r);
    EXPECT_NE(queue_.stats().cached - cached, pool_.threads());
  }
  EXPECT_EQ(pool_.threads(), 1u);
}

// The worker continues behind what the attempt has read, also at the fd's own
// position.
TEST_F(DroppedReadsTest, WorkersReadTheRest) {
  for (const int64_t at : {int64_t{0}, kFilePosition}) {
    char byte;
    ASSERT_EQ(pread(file_.get(), &byte, 1, 0), 1);  // The first page.
    Request* r = Submit(&queue_, Op::kRead, file_.get(), at, 32 << 10);
    ASSERT_EQ(queue_.WaitUntil(TestDeadline()), r);
    EXPECT_EQ(BytesOf(*r), Text(0, 32 << 10));
    queue_.Put(r);
    Drop();
  }
  EXPECT_EQ(lseek(file_.get(), 0, SEEK_CUR), 32 << 10);
}

class NoCachedReadsTest : public CachedReadsTest {
 protected:
  NoCachedReadsTest() : CachedReadsTest(/*cached_reads=*/false) {}
};

TEST_F(NoCachedReadsTest, WorkersPerformAll) {
  Request* r = Submit(&queue_, Op::kRead, file_.get(), 0, 10);
  ASSERT_EQ(queue_.WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), Text(0, 10));
  EXPECT_EQ(pool_.threads(), 1u);
  EXPECT_EQ(queue_.stats().cached, 0u);
}

}  // namespace
}  // namespace uasio
