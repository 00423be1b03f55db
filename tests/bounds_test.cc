// The contract: "Bounds".

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class BoundsTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(BoundsTest);

TEST_P(BoundsTest, GetReapsBeforeItReturnsNullptr) {
  QueueOptions options;
  options.requests_max = 3;
  const auto queue = MakeQueue(options);
  const ScratchFile file;
  Request* a = queue->Get();
  Request* b = queue->Get();
  SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), 0, "x");
  const absl::Time deadline = TestDeadline();
  Request* c;
  while ((c = queue->Get()) == nullptr) ASSERT_LT(absl::Now(), deadline);
  EXPECT_EQ(queue->Get(), nullptr);
  for (Request* r : {a, b, c}) queue->Put(r);
}

TEST_P(BoundsTest, WritebacksNeverExceedTheirBoundAndAllAreWritten) {
  QueueOptions options;
  options.writebacks_max = 3;
  options.buffer_bytes = 16;
  const auto queue = MakeQueue(options);
  const ScratchFile file;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string bytes = std::to_string(i % 10);
    SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), i, bytes);
    expected += bytes;
    EXPECT_LE(queue->writebacks(), options.writebacks_max);
  }
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(queue->writebacks(), 0u);
  EXPECT_EQ(file.Contents(), expected);
}

// The pipes are full until a thread drains them once the bound is reached, so
// Submit() cannot return before that.
TEST_P(BoundsTest, SubmitBlocksAtTheWritebackBoundUntilOneIsWritten) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  QueueOptions options;
  options.writebacks_max = 4;
  const auto queue = MakeQueue(options);
  std::vector<Pipe> pipes(options.writebacks_max + 1);
  for (const Pipe& pipe : pipes) {
    const int bytes = fcntl(pipe.write_end.get(), F_SETPIPE_SZ, 4096);
    pipe.Put(std::string(static_cast<size_t>(bytes), 'f'));
  }
  std::atomic<bool> at_the_bound{false};
  std::atomic<bool> drained{false};
  std::thread drainer([&] {
    while (!at_the_bound) std::this_thread::yield();
    drained = true;
    std::string bytes(64 << 10, '\0');  // At least a page, on every machine.
    for (const Pipe& pipe : pipes) {
      EXPECT_GT(read(pipe.read_end.get(), bytes.data(), bytes.size()), 0);
    }
  });
  for (size_t i = 0; i < pipes.size(); ++i) {
    at_the_bound = i == options.writebacks_max;
    SubmitWrite(queue.get(), Op::kWriteBack, pipes[i].write_end.get(),
                kFilePosition, "x");
    EXPECT_EQ(drained, i == options.writebacks_max);
  }
  drainer.join();
  EXPECT_TRUE(queue->Sync().ok());
}

TEST(WritebackBoundTest, SubmitStartsHeldRequestsWhileItBlocks) {
  QueueOptions options;
  options.writebacks_max = 2;
  ManualQueue q(options);
  const ScratchFile file("aa");
  Request* w = SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
  Request* held = SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "y");
  Request* reader = Submit(&q.queue, Op::kRead, file.fd(), 0, 1);
  size_t waits = 0;
  q.held->when_awaited = [&] {
    ++waits;
    EXPECT_EQ(q.queue.writebacks(), 2u);
    EXPECT_FALSE(q.held->IsRunning(held));
    q.held->Finish(w);
  };
  SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 1, "z");
  EXPECT_EQ(waits, 1u);
  EXPECT_TRUE(q.held->IsRunning(held));
  q.held->when_awaited = [&] { q.held->FinishAll(); };
  ASSERT_EQ(q.queue.WaitUntil(TestDeadline()), reader);
  EXPECT_EQ(BytesOf(*reader), "y");
}

TEST(WritebackBoundTest, SubmitAtTheBoundRunsNoHandler) {
  QueueOptions options;
  options.writebacks_max = 1;
  ManualQueue q(options);
  const ScratchFile file;
  bool called = false;
  Request* with_handler = Prepare(&q.queue, Op::kNoOp);
  with_handler->user_data = &called;
  with_handler->handler = [](Request* r) noexcept {
    *static_cast<bool*>(r->user_data) = true;
  };
  q.queue.Submit(with_handler);
  q.held->Finish(with_handler);
  for (int i = 0; i < 3; ++i) {
    SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), i, "x");
    EXPECT_FALSE(called);
  }
  (void)q.queue.Wait();
  EXPECT_TRUE(called);
}

TEST(WritebackBoundTest, ABatchOfMoreWritebacksThanTheBoundCompletes) {
  QueueOptions options;
  options.writebacks_max = 2;
  ManualQueue q(options);
  const ScratchFile file;
  std::vector<Request*> batch;
  for (int i = 0; i < 7; ++i) {
    batch.push_back(PrepareWrite(&q.queue, Op::kWriteBack, file.fd(), i, "x"));
  }
  q.queue.Submit(batch);
  EXPECT_LE(q.held->running_max, 2u);
  EXPECT_TRUE(q.queue.Sync().ok());
  EXPECT_EQ(file.Contents(), "xxxxxxx");
}

TEST(DepthBoundTest, TheBackendHasAtMostDepthMaxRequests) {
  QueueOptions options;
  options.depth_max = 5;
  ManualQueue q(options);
  const ScratchFile file;
  std::vector<Request*> batch;
  for (int i = 0; i < 50; ++i) {
    batch.push_back(
        Prepare(&q.queue, i % 2 == 0 ? Op::kNoOp : Op::kRead, file.fd(), 0, 1));
  }
  q.queue.Submit(absl::MakeSpan(batch).first(25));
  for (int i = 25; i < 50; ++i) q.queue.Submit(batch[i]);
  EXPECT_EQ(q.held->running.size(), 5u);
  EXPECT_EQ(FinishAll(&q.queue), 50u);
  EXPECT_EQ(q.held->running_max, 5u);
}

TEST(DepthBoundTest, TheBacklogIsStartedInTheOrderOfSubmits) {
  QueueOptions options;
  options.depth_max = 2;
  ManualQueue q(options);
  std::vector<Request*> submitted;
  for (int i = 0; i < 20; ++i) submitted.push_back(Submit(&q.queue, Op::kNoOp));
  for (Request* r : submitted) EXPECT_EQ(q.queue.Wait(), r);
}

TEST(DepthBoundTest, PipeReadsDoNotCountTowardsDepthMax) {
  QueueOptions options;
  options.depth_max = 1;
  ManualQueue q(options);
  q.held->takes = [](const Request& r) { return r.op == Op::kNoOp; };
  const std::vector<Pipe> pipes(3);
  for (const Pipe& pipe : pipes) {
    Submit(&q.queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  }
  Request* r = Submit(&q.queue, Op::kNoOp);
  EXPECT_TRUE(q.held->IsRunning(r));
  for (const Pipe& pipe : pipes) pipe.Put("x");
  q.held->FinishAll();
  EXPECT_EQ(FinishAll(&q.queue), 4u);
}

TEST(MemoryBoundTest, GetReturnsNullptrIfTheBufferCannotBeAllocated) {
  QueueOptions options;
  for (const size_t bytes : {SIZE_MAX, SIZE_MAX / 2}) {
    options.buffer_bytes = bytes;
    Queue queue(options);
    EXPECT_EQ(queue.Get(), nullptr);
  }
}

}  // namespace
}  // namespace uasio
