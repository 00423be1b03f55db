// The contract: "Waiting".

#include <chrono>
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

class WaitingTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(WaitingTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(WaitingTest);

TEST_P(WaitingTest, WithNothingInFlightEveryWaitReturnsAtOnce) {
  const auto queue = MakeQueue();
  Request* out[2];
  EXPECT_EQ(queue->Wait(), nullptr);
  EXPECT_EQ(queue->TryWait(), nullptr);
  EXPECT_EQ(queue->WaitFor(absl::Seconds(30)), nullptr);
  EXPECT_EQ(queue->WaitUntil(TestDeadline()), nullptr);
  EXPECT_EQ(queue->WaitMany(absl::MakeSpan(out)), 0u);
  EXPECT_TRUE(queue->Sync().ok());
}

TEST_P(WaitingTest, WaitUntilGivesUpAtItsDeadline) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const Pipe pipe;
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  const absl::Time deadline = absl::Now() + absl::Milliseconds(20);
  EXPECT_EQ(queue->WaitUntil(deadline), nullptr);
  EXPECT_GE(absl::Now(), deadline);
  EXPECT_EQ(queue->TryWait(), nullptr);
  EXPECT_EQ(queue->WaitUntil(absl::Now() - absl::Hours(1)), nullptr);
  pipe.Put("x");
  EXPECT_EQ(Finish(queue.get(), r), 1);
}

TEST_P(WaitingTest, WaitForGivesUpAfterItsTimeout) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const Pipe pipe;
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(queue->WaitFor(absl::Milliseconds(20)), nullptr);
  EXPECT_GE(std::chrono::steady_clock::now() - begin,
            std::chrono::milliseconds(20));
  EXPECT_EQ(queue->WaitFor(absl::ZeroDuration()), nullptr);
  EXPECT_EQ(queue->WaitFor(-absl::InfiniteDuration()), nullptr);
  pipe.Put("x");
  EXPECT_EQ(queue->WaitFor(absl::InfiniteDuration()), r);
}

TEST_P(WaitingTest, TryWaitReturnsAFinishedRequest) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  const absl::Time deadline = TestDeadline();
  Request* back;
  while ((back = queue->TryWait()) == nullptr) ASSERT_LT(absl::Now(), deadline);
  EXPECT_EQ(back, r);
}

TEST_P(WaitingTest, WaitManyReturnsUpToTheSpan) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  for (int i = 0; i < 10; ++i) {
    Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  }
  size_t count = 0;
  Request* out[3];
  while (size_t n = queue->WaitMany(absl::MakeSpan(out))) {
    EXPECT_LE(n, 3u);
    count += n;
  }
  EXPECT_EQ(count, 10u);
  EXPECT_EQ(queue->WaitMany({}), 0u);
}

TEST(WaitingOrderTest, WaitManyBlocksForOneAndReturnsAllThatAreDone) {
  ManualQueue q;
  for (int i = 0; i < 5; ++i) Submit(&q.queue, Op::kNoOp);
  q.held->when_awaited = [&] {
    for (int i = 0; i < 3; ++i) q.held->Finish(q.held->running.front());
  };
  Request* out[5];
  EXPECT_EQ(q.queue.WaitMany(absl::MakeSpan(out)), 3u);
  EXPECT_EQ(q.held->awaited, 1u);
  q.held->FinishAll();
}

TEST(WaitingOrderTest, WaitDoesNotWaitForWriteBacksAlone) {
  ManualQueue q;
  const ScratchFile file;
  SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
  EXPECT_EQ(q.queue.Wait(), nullptr);
  EXPECT_EQ(q.held->awaited, 0u);
  EXPECT_EQ(q.queue.writebacks(), 1u);
}

TEST(WaitingOrderTest, WaitWaitsForAReadHeldBehindAWriteBack) {
  ManualQueue q;
  const ScratchFile file;
  SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
  Request* r = Submit(&q.queue, Op::kRead, file.fd(), 0, 1);
  EXPECT_EQ(q.queue.Wait(), r);
  EXPECT_EQ(BytesOf(*r), "x");
}

TEST_P(WaitingTest, SyncWaitsForAllSubmittedAndLeavesThemForWait) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile(std::string(10, 'o'));
  for (size_t i = 0; i < 10; ++i) {
    SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), At(i), Blocks("x"));
  }
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), 0, 10 * block());
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(queue->in_flight(), 0u);
  EXPECT_EQ(queue->TryWait(), r);
  EXPECT_EQ(TextOf(BytesOf(*r)), std::string(10, 'x'));
}

// A handler that always submits another request must not block Sync() for ever.
TEST_P(WaitingTest, SyncDoesNotWaitForLaterSubmits) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  struct Chain {
    Queue* queue;
    bool go_on = true;
  } chain = {queue.get()};
  Request* r = Prepare(queue.get(), Op::kRead, file.fd(), 0, block());
  r->user_data = &chain;
  r->handler = [](Request* r) noexcept {
    auto* chain = static_cast<Chain*>(r->user_data);
    chain->go_on ? chain->queue->Submit(r) : chain->queue->Put(r);
  };
  queue->Submit(r);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(queue->Sync().ok());
  chain.go_on = false;
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(queue->in_flight(), 0u);
}

TEST(WaitingOrderTest, SyncWaitsForHeldRequestsAndTheBacklog) {
  QueueOptions options;
  options.depth_max = 1;
  ManualQueue q(options);
  const ScratchFile file;
  for (int i = 0; i < 5; ++i) {
    SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
    Submit(&q.queue, Op::kNoOp);
  }
  EXPECT_TRUE(q.queue.Sync().ok());
  EXPECT_EQ(q.queue.in_flight(), 0u);
  EXPECT_EQ(q.held->started, 10u);
}

}  // namespace
}  // namespace uasio
