// kaio and uring: the kernel performs direct requests, on the disk and on
// tmpfs, with the same results as the workers.

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

#include "asio/backends/kernel_testing.h"
#include "asio/queue.h"
#include "asio/syscalls/transfer.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr char kDisk[] = "";
constexpr char kTmpfs[] = "/dev/shm";

class KernelTest
    : public testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  void SetUp() override {
    for (const BackendVerdict& verdict : ProbeBackends()) {
      if (verdict.name == (is_kaio() ? "kaio" : name()) &&
          !verdict.status.ok()) {
        GTEST_SKIP() << verdict.status;
      }
    }
    if (access(folder().empty() ? "." : folder().c_str(), W_OK) != 0) {
      GTEST_SKIP() << "cannot write to " << folder();
    }
    const DirectFile file("", folder());
    if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  }

  std::string name() const { return std::get<0>(GetParam()); }
  bool is_kaio() const {
    return name() == "kaio" || name() == kKaioWithoutRing;
  }
  std::string folder() const { return std::get<1>(GetParam()); }
};

// The kernel frees a ring and its buffers some time after they are closed, so
// many queues in a row must be small to stay within RLIMIT_MEMLOCK.
QueueOptions SmallQueue() {
  QueueOptions options;
  options.buffer_bytes = kBlock;
  options.requests_max = options.depth_max = 32;
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    Backends, KernelTest,
    testing::Combine(testing::Values("kaio", kKaioWithoutRing, "uring"),
                     testing::Values(kDisk, kTmpfs)),
    [](const testing::TestParamInfo<KernelTest::ParamType>& info) {
      return std::string(std::get<0>(info.param)) +
             (*std::get<1>(info.param) != '\0' ? "_tmpfs" : "_disk");
    });

TEST_P(KernelTest, AnUnknownOpIsNotStarted) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const DirectFile file(std::string(kBlock, 'a'), folder());
  Request request;
  request.op = static_cast<Op>(100);
  request.fd = file.fd();
  Request* const batch[] = {&request};
  EXPECT_DEATH((*NewKernelBackend(name(), 1))->Start(batch),
               "Backend: there is no such op");
}

// A fixed read of no bytes on btrfs ends the thread in Linux 6.18.
TEST_P(KernelTest, NoTransferOfLengthZeroReachesTheKernel) {
  const DirectFile file(std::string(kBlock, 'a'), folder());
  const auto backend = NewKernelBackend(name(), 1);
  ASSERT_TRUE(backend.ok()) << backend.status();
  for (const Op op : {Op::kRead, Op::kWrite, Op::kReadv, Op::kWritev}) {
    Request request;
    request.op = op;
    request.fd = file.fd();
    request.traits = GetFdTraits(file.fd());
    EXPECT_FALSE((*backend)->Takes(request)) << OpName(op);
    request.length = kBlock;
    EXPECT_TRUE((*backend)->Takes(request)) << OpName(op);
    request.transferred = kBlock;
    EXPECT_FALSE((*backend)->Takes(request)) << OpName(op);
  }
}

// Longer ones it would cut, before it could refuse them.
TEST_P(KernelTest, TransfersOfMoreThanOneCallAreForTheWorkers) {
  const DirectFile file(std::string(kBlock, 'a'), folder());
  const auto backend = NewKernelBackend(name(), 1);
  ASSERT_TRUE(backend.ok()) << backend.status();
  Request request;
  request.fd = file.fd();
  request.traits = GetFdTraits(file.fd());
  request.length = 0x7ffff000;
  EXPECT_TRUE((*backend)->Takes(request));
  for (const size_t length : {size_t{0x7ffff001}, SIZE_MAX / 2, SIZE_MAX}) {
    request.length = length;
    EXPECT_FALSE((*backend)->Takes(request)) << length;
  }
}

TEST_P(KernelTest, TheKernelReads) {
  const std::string bytes = Pattern(8 * kBlock);
  const DirectFile file(bytes, folder());
  KernelQueue q(name());
  for (size_t i = 0; i < 8; ++i) {
    Request* r = Submit(q.queue.get(), Op::kRead, file.fd(),
                        static_cast<int64_t>(i * kBlock), kBlock);
    EXPECT_EQ(Finish(q.queue.get(), r), static_cast<int64_t>(kBlock));
    EXPECT_EQ(BytesOf(*r), bytes.substr(i * kBlock, kBlock));
  }
  EXPECT_EQ(q.pool.threads(), 0u);
}

TEST_P(KernelTest, TheKernelReadsVectors) {
  const std::string bytes = Pattern(4 * kBlock);
  const DirectFile file(bytes, folder());
  KernelQueue q(name());
  const Buffer a = Buffer::Allocate(kBlock), b = Buffer::Allocate(2 * kBlock);
  const iovec iovecs[] = {{a.data(), kBlock}, {b.data(), 2 * kBlock}};
  Request* r = Prepare(q.queue.get(), Op::kReadv, file.fd(), kBlock);
  r->iovecs = iovecs, r->iovec_count = 2;
  q.queue->Submit(r);
  EXPECT_EQ(Finish(q.queue.get(), r), static_cast<int64_t>(3 * kBlock));
  EXPECT_EQ(std::string(a.data(), kBlock) + std::string(b.data(), 2 * kBlock),
            bytes.substr(kBlock));
  EXPECT_EQ(q.pool.threads(), 0u);
}

TEST_P(KernelTest, WritesAndVectorsAndSyncsArriveWhole) {
  const DirectFile file(std::string(8 * kBlock, 'o'), folder());
  KernelQueue q(name());
  Queue* queue = q.queue.get();
  const std::string bytes = Pattern(2 * kBlock);
  SubmitWrite(queue, Op::kWriteBack, file.fd(), 0, bytes);
  SubmitWrite(queue, Op::kWrite, file.fd(), 2 * kBlock, bytes);
  Buffer block = Buffer::Allocate(2 * kBlock);
  std::memcpy(block.data(), bytes.data(), bytes.size());
  const iovec iovecs[] = {{block.data() + kBlock, kBlock},
                          {block.data(), kBlock}};
  Request* v = Prepare(queue, Op::kWritev, file.fd(), 5 * kBlock);
  v->iovecs = iovecs, v->iovec_count = 2;
  queue->Submit(v);
  Submit(queue, Op::kFsync, file.fd());
  Submit(queue, Op::kFdatasync, file.fd());
  EXPECT_EQ(FinishAll(queue), 4u);
  EXPECT_TRUE(queue->Sync().ok());
  const std::string old(kBlock, 'o');
  EXPECT_EQ(file.Contents(), bytes + bytes + old + bytes.substr(kBlock) +
                                 bytes.substr(0, kBlock) + old);
  // kaio writes with RWF_NOWAIT; where tmpfs refuses that, the workers write.
  if (name() == "uring") {
    EXPECT_EQ(q.pool.threads(), 0u);
  }
}

// Occasional work of the file system, such as an update of the file's times,
// may make a write wait; kaio leaves that one to the workers.  The kernel must
// do at least one of many tries.
TEST_P(KernelTest, TheKernelOverwrites) {
  const DirectFile file(std::string(kBlock, 'o'), folder());
  if (is_kaio() && !SupportsNowaitWrites(file.fd())) {
    GTEST_SKIP() << "the file system does not support RWF_NOWAIT";
  }
  bool by_workers = true;
  for (int tries = is_kaio() ? 100 : 1; by_workers && tries > 0; --tries) {
    KernelQueue q(name(), SmallQueue());
    Request* w = SubmitWrite(q.queue.get(), Op::kWrite, file.fd(), 0,
                             std::string(kBlock, 'x'));
    EXPECT_EQ(Finish(q.queue.get(), w), static_cast<int64_t>(kBlock));
    by_workers = q.pool.threads() > 0;
  }
  EXPECT_FALSE(by_workers);
  EXPECT_EQ(file.Contents(), std::string(kBlock, 'x'));
}

TEST_P(KernelTest, TheKernelSyncs) {
  const DirectFile file(std::string(kBlock, 'o'), folder());
  KernelQueue q(name());
  for (const Op op : {Op::kFsync, Op::kFdatasync}) {
    Request* r = Submit(q.queue.get(), op, file.fd());
    EXPECT_EQ(Finish(q.queue.get(), r), 0);
  }
  EXPECT_EQ(q.pool.threads(), 0u);
}

TEST_P(KernelTest, AReadStopsAtAnUnalignedEndOfFile) {
  const std::string bytes = Pattern(2 * kBlock + 100);
  const DirectFile file(bytes, folder());
  KernelQueue q(name());
  const struct {
    size_t offset;
    int64_t expected;
  } cases[] = {{0, 2 * kBlock + 100},
               {kBlock, kBlock + 100},
               {2 * kBlock, 100},
               {3 * kBlock, 0}};
  for (const auto& c : cases) {
    Request* r = Submit(q.queue.get(), Op::kRead, file.fd(),
                        static_cast<int64_t>(c.offset), 4 * kBlock);
    EXPECT_EQ(Finish(q.queue.get(), r), c.expected) << "at " << c.offset;
    EXPECT_EQ(BytesOf(*r), bytes.substr(std::min(c.offset, bytes.size())));
  }
  EXPECT_EQ(q.pool.threads(), 0u);
}

TEST_P(KernelTest, MoreRequestsThanDepthAllFinish) {
  const std::string bytes = Pattern(16 * kBlock);
  const DirectFile file(bytes, folder());
  QueueOptions options;
  options.depth_max = 4;
  options.buffer_bytes = kBlock;
  KernelQueue q(name(), options);
  constexpr size_t kRequests = 200;
  for (size_t i = 0; i < kRequests; ++i) {
    Submit(q.queue.get(), Op::kRead, file.fd(),
           static_cast<int64_t>(i % 16 * kBlock), kBlock);
  }
  size_t count = 0;
  for (; Request* r = q.queue->WaitUntil(TestDeadline()); ++count) {
    EXPECT_EQ(BytesOf(*r),
              bytes.substr(static_cast<size_t>(r->offset), kBlock));
    q.queue->Put(r);
  }
  EXPECT_EQ(count, kRequests);
  EXPECT_EQ(q.pool.threads(), 0u);
}

// The queue starts more requests than the backend was made for.
TEST_P(KernelTest, ABatchBeyondTheBackendsDepthCompletes) {
  const std::string bytes = Pattern(16 * kBlock);
  const DirectFile file(bytes, folder());
  // A KAIO context has extra room for each processor.
  const size_t requests =
      600 + 16 * static_cast<size_t>(sysconf(_SC_NPROCESSORS_CONF));
  QueueOptions options;
  options.requests_max = options.depth_max = requests;
  options.buffer_bytes = kBlock;
  KernelQueue q(name(), options, /*backend_depth=*/1);
  std::vector<Request*> batch;
  for (size_t i = 0; i < requests; ++i) {
    batch.push_back(Prepare(q.queue.get(), Op::kRead, file.fd(),
                            static_cast<int64_t>(i % 16 * kBlock), kBlock));
  }
  q.queue->Submit(batch);
  size_t count = 0;
  for (; Request* r = q.queue->WaitUntil(TestDeadline()); ++count) {
    EXPECT_EQ(BytesOf(*r),
              bytes.substr(static_cast<size_t>(r->offset), kBlock));
    q.queue->Put(r);
  }
  EXPECT_EQ(count, batch.size());
  EXPECT_EQ(q.pool.threads() > 0, is_kaio());
}

TEST_P(KernelTest, RequestsInFlightWhenPollingBeginsAreSignaled) {
  const DirectFile file(Pattern(16 * kBlock), folder());
  for (int round = 0; round < 5; ++round) {
    KernelQueue q(name(), SmallQueue());
    for (size_t i = 0; i < 16; ++i) {
      Submit(q.queue.get(), Op::kRead, file.fd(),
             static_cast<int64_t>(i * kBlock), kBlock);
    }
    ExpectSignaled(q.queue.get(), 16);
    Submit(q.queue.get(), Op::kRead, file.fd(), 0, kBlock);
    ExpectSignaled(q.queue.get(), 1);
  }
}

TEST_P(KernelTest, RequestsInFlightWhenTheWorkersBeginAreReaped) {
  const DirectFile file(Pattern(16 * kBlock), folder());
  const File buffered =
      *File::Open(file.path(), O_RDONLY, 0, File::Mode::kBuffered);
  for (int round = 0; round < 5; ++round) {
    KernelQueue q(name(), SmallQueue());
    for (size_t i = 0; i < 32; ++i) {
      Submit(q.queue.get(), Op::kRead, i == 16 ? buffered.fd() : file.fd(),
             static_cast<int64_t>(i % 16 * kBlock), kBlock);
    }
    size_t count = 0;
    for (; Request* r = q.queue->WaitUntil(TestDeadline()); ++count) {
      q.queue->Put(r);
    }
    EXPECT_EQ(count, 32u);
  }
}

TEST_P(KernelTest, ALentBufferIsReadIntoAndWrittenFrom) {
  const std::string bytes = Pattern(4 * kBlock);
  const DirectFile file(bytes, folder());
  KernelQueue q(name());
  Buffer lent = Buffer::Allocate(4 * kBlock);
  Request* r = Prepare(q.queue.get(), Op::kRead, file.fd(), 0, 4 * kBlock);
  r->buffer = lent.data();
  q.queue->Submit(r);
  EXPECT_EQ(Finish(q.queue.get(), r), static_cast<int64_t>(4 * kBlock));
  EXPECT_EQ(std::string(lent.data(), lent.size()), bytes);
  EXPECT_EQ(q.pool.threads(), 0u);
  std::memset(lent.data(), 'x', lent.size());
  r = Prepare(q.queue.get(), Op::kWrite, file.fd(), 0, 4 * kBlock);
  r->buffer = lent.data();
  q.queue->Submit(r);
  EXPECT_EQ(Finish(q.queue.get(), r), static_cast<int64_t>(4 * kBlock));
  EXPECT_EQ(file.Contents(), std::string(4 * kBlock, 'x'));
}

// The test does not call the queue meanwhile.
TEST_P(KernelTest, AWriteThatExtendsTheFileFinishesWithoutACall) {
  const DirectFile file("", folder());
  KernelQueue q(name());
  SubmitWrite(q.queue.get(), Op::kWriteBack, file.fd(), 0,
              std::string(4 * kBlock, 'x'));
  const absl::Time deadline = TestDeadline();
  while (file.Contents() != std::string(4 * kBlock, 'x')) {
    ASSERT_LT(absl::Now(), deadline);
    sched_yield();
  }
  EXPECT_EQ(q.pool.threads() > 0, is_kaio());
  EXPECT_TRUE(q.queue->Sync().ok());
}

TEST_P(KernelTest, CancelBringsEveryRequestBackOnce) {
  const DirectFile file(Pattern(16 * kBlock), folder());
  KernelQueue q(name());
  std::vector<Request*> batch;
  for (size_t i = 0; i < 16; ++i) {
    batch.push_back(Prepare(q.queue.get(), Op::kRead, file.fd(),
                            static_cast<int64_t>(i * kBlock), kBlock));
  }
  q.queue->Submit(batch);
  for (Request* r : batch) q.queue->Cancel(r);
  size_t count = 0;
  for (; Request* r = q.queue->WaitUntil(TestDeadline()); ++count) {
    EXPECT_TRUE(r->result == -ECANCELED ||
                r->result == static_cast<int64_t>(kBlock))
        << r->result;
    q.queue->Put(r);
  }
  EXPECT_EQ(count, batch.size());
  EXPECT_EQ(q.queue->in_flight(), 0u);
}

TEST_P(KernelTest, AnIdleQueueCanBeDestroyed) {
  { KernelQueue unused(name()); }
  const DirectFile file(Pattern(kBlock), folder());
  KernelQueue q(name());
  Request* r = Submit(q.queue.get(), Op::kRead, file.fd(), 0, kBlock);
  EXPECT_EQ(Finish(q.queue.get(), r), static_cast<int64_t>(kBlock));
}

// "ERRNO: message" of the request on the backend of that name.
std::string ErrorOf(const std::string& name, int fd, Op op, int64_t offset,
                    size_t length, char* buffer) {
  KernelQueue q(name);
  Request* r = Prepare(q.queue.get(), op, fd, offset, length);
  r->buffer = buffer;
  q.queue->Submit(r);
  EXPECT_LT(Finish(q.queue.get(), r), 0);
  return std::to_string(r->result) + ": " + std::string(r->status().message());
}

TEST_P(KernelTest, ErrorsAndMessagesAreThoseOfTheWorkers) {
  const DirectFile file(Pattern(2 * kBlock), folder());
  const Fd read_only(
      open(file.path().c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  const Fd write_only(
      open(file.path().c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
  Buffer lent = Buffer::Allocate(3 * kBlock);
  const struct {
    int fd;
    Op op;
    int64_t offset;
    size_t length, shift;
  } cases[] = {{read_only.get(), Op::kWrite, 0, kBlock, 0},
               {write_only.get(), Op::kRead, 0, kBlock, 0},
               {-1, Op::kRead, 0, kBlock, 0},
               {file.fd(), Op::kRead, 1, kBlock, 0},
               {file.fd(), Op::kRead, 0, kBlock + 1, 0},
               {file.fd(), Op::kRead, 0, kBlock, 1},
               {file.fd(), Op::kWrite, 1, kBlock, 0},
               {file.fd(), Op::kWrite, 0, kBlock, 1},
               {file.fd(), Op::kRead, -5, kBlock, 0}};
  const bool takes_any = TakesAnyAlignment(file.fd());
  for (const auto& c : cases) {
    if (takes_any && c.fd == file.fd() && c.offset >= 0) continue;
    char* at = lent.data() + c.shift;
    EXPECT_EQ(ErrorOf(name(), c.fd, c.op, c.offset, c.length, at),
              ErrorOf("worker", c.fd, c.op, c.offset, c.length, at));
  }
}

}  // namespace
}  // namespace uasio
