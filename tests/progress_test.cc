// The contract: "Progress": independent requests run at the same time, accepted
// ones finish without a call, and each call starts the held ones that may run.

#include <sched.h>

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class ProgressTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(ProgressTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(ProgressTest);

// The read finishes only when the write, submitted after it, has run.
TEST_P(ProgressTest, AReadOverlapsTheWriteThatItWaitsFor) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const Pipe pipe;
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  Request* w = SubmitWrite(queue.get(), Op::kWrite, pipe.write_end.get(),
                           kFilePosition, "x");
  size_t count = 0;
  while (Request* back = queue->WaitUntil(TestDeadline())) {
    EXPECT_TRUE(back == r || back == w);
    EXPECT_EQ(back->result, 1);
    ++count;
  }
  EXPECT_EQ(count, 2u);
}

TEST_P(ProgressTest, AcceptedRequestsFinishWhileTheOwnerComputes) {
  const auto queue = MakeQueue();
  constexpr size_t kWrites = 20;
  const BlockFile file = MakeFile(std::string(kWrites, 'o'));
  for (size_t i = 0; i < kWrites; ++i) {
    SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), At(i), Blocks("x"));
  }
  // No call into the queue until the file is written.
  const absl::Time deadline = TestDeadline();
  while (file.Text() != std::string(kWrites, 'x')) {
    ASSERT_LT(absl::Now(), deadline);
    sched_yield();
  }
  EXPECT_TRUE(queue->Sync().ok());
}

TEST(ProgressOrderTest, IndependentRequestsOnOneFileRunAtTheSameTime) {
  ManualQueue q;
  const ScratchFile file;
  constexpr int kRequests = 60;
  for (int i = 0; i < kRequests; ++i) {
    Submit(&q.queue, i % 2 == 0 ? Op::kRead : Op::kWrite, file.fd(), i * 10,
           10);
  }
  EXPECT_EQ(q.held->running.size(), size_t{kRequests});
  EXPECT_EQ(FinishAll(&q.queue), size_t{kRequests});
}

TEST(ProgressOrderTest, SubmitHandsTheRequestOverBeforeItReturns) {
  ManualQueue q;
  for (size_t i = 1; i <= 10; ++i) {
    Submit(&q.queue, Op::kNoOp);
    EXPECT_EQ(q.held->running.size(), i);
  }
}

TEST(ProgressOrderTest, ASpanIsStartedAsOneBatch) {
  ManualQueue q;
  std::vector<Request*> batch;
  for (int i = 0; i < 20; ++i) batch.push_back(Prepare(&q.queue, Op::kNoOp));
  q.queue.Submit(batch);
  EXPECT_EQ(q.held->starts, 1u);
  EXPECT_EQ(q.held->running, batch);
  q.queue.Submit(absl::Span<Request* const>());
  EXPECT_EQ(q.held->starts, 1u);
}

// Each of these calls starts a held request whose predecessor is done.
TEST(ProgressOrderTest, TheNextCallStartsReleasedRequests) {
  const std::function<void(Queue*)> calls[] = {
      [](Queue* queue) { queue->Put(queue->Get()); },
      [](Queue* queue) { Submit(queue, Op::kNoOp); },
      [](Queue* queue) { (void)queue->TryWait(); },
      [](Queue* queue) { (void)queue->Wait(); },
      [](Queue* queue) {
        Request* done[2];
        (void)queue->WaitMany(absl::MakeSpan(done));
      }};
  const ScratchFile file("a");
  for (const auto& call : calls) {
    ManualQueue q;
    q.held->Finish(Submit(&q.queue, Op::kNoOp));
    q.queue.Put(q.queue.Get());
    Request* w = Submit(&q.queue, Op::kWrite, file.fd(), 0, 1);
    Request* held = Submit(&q.queue, Op::kRead, file.fd(), 0, 1);
    q.held->Finish(w);
    EXPECT_FALSE(q.held->IsRunning(held));
    call(&q.queue);
    EXPECT_TRUE(q.held->IsRunning(held)) << "call " << &call - calls;
  }
}

// With a finished request always at hand, a Wait() that returned it and did
// nothing else would leave the backend idle.
TEST(ProgressOrderTest, AWaitThatReturnsAtOnceStartsReleasedRequests) {
  ManualQueue q;
  const ScratchFile file("a");
  Request* w = Submit(&q.queue, Op::kWrite, file.fd(), 0, 1);
  Request* held = Submit(&q.queue, Op::kRead, file.fd(), 0, 1);
  Request* a = Submit(&q.queue, Op::kNoOp);
  q.held->Finish(a);
  q.held->Finish(Submit(&q.queue, Op::kNoOp));
  EXPECT_EQ(q.queue.TryWait(), a);  // The other no-op has finished, too.
  q.held->Finish(w);
  EXPECT_NE(q.queue.TryWait(), nullptr);
  EXPECT_TRUE(q.held->IsRunning(held));
}

}  // namespace
}  // namespace uasio
