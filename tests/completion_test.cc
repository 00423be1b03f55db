// The contract: "Completion": each request comes back once; Cancel() only asks.

#include <cerrno>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

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

class CompletionTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(CompletionTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(CompletionTest);

TEST_P(CompletionTest, CancelOfAFinishedRequestChangesNothing) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  Request* a = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  Request* b = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  Request* first = queue->WaitUntil(TestDeadline());
  Request* second = first == a ? b : a;
  while (queue->in_flight() > 0)
    (void)queue->Get();  // Until both have finished.
  queue->Cancel(second);
  EXPECT_EQ(Finish(queue.get(), second), At(1));
  EXPECT_EQ(queue->TryWait(), nullptr);
}

TEST_P(CompletionTest, ARunningPipeReadCanBeCancelled) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const Pipe pipe;
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 10);
  queue->Cancel(r);
  EXPECT_EQ(Finish(queue.get(), r), -ECANCELED);
  pipe.Put("abc");  // The cancelled read must not take these bytes.
  r = Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 10);
  EXPECT_EQ(Finish(queue.get(), r), 3);
}

TEST_P(CompletionTest, AHeldRequestIsCancelledAtOnceAndReleasesItsDependents) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const Pipe pipe;
  Request* a =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  Request* b =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  Request* c =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  queue->Cancel(b);
  ASSERT_EQ(queue->TryWait(), b);
  EXPECT_EQ(b->result, -ECANCELED);
  EXPECT_EQ(b->transferred, 0u);
  pipe.Put("xy");
  EXPECT_EQ(Finish(queue.get(), a), 1);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), c);
  EXPECT_EQ(BytesOf(*c), "y");
}

TEST_P(CompletionTest, ManyCancelledRequestsComeBackOnceEach) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("aaaa");
  std::set<Request*> out;
  for (size_t i = 0; i < queue->options().requests_max; ++i) {
    const Op op = i % 2 == 0 ? Op::kRead : Op::kWrite;
    out.insert(Submit(queue.get(), op, file.fd(), 0, 4 * block()));
  }
  for (Request* r : out) queue->Cancel(r);
  while (Request* r = queue->WaitUntil(TestDeadline())) {
    EXPECT_EQ(out.erase(r), 1u);
    EXPECT_TRUE(r->result == At(4) || r->result == -ECANCELED) << r->result;
  }
  EXPECT_TRUE(out.empty());
}

// The tests below control the backend.

TEST(CompletionOrderTest, ACancelledWriteIsNotDoneAndItsDependentsRun) {
  ManualQueue q;
  const ScratchFile file("aaaa");
  SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "b");
  Request* w = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "cc");
  Request* r = Submit(&q.queue, Op::kRead, file.fd(), 1, 3);
  EXPECT_EQ(q.held->running.size(), 1u);
  q.queue.Cancel(w);
  EXPECT_TRUE(q.held->IsRunning(r));  // It overlaps only w.
  EXPECT_EQ(Finish(&q.queue, w), -ECANCELED);
  q.held->Finish(r);
  ASSERT_EQ(q.queue.TryWait(), r);
  EXPECT_EQ(BytesOf(*r), "aaa");
  FinishAll(&q.queue);
}

TEST(CompletionOrderTest, ARequestInTheBacklogIsCancelledAtOnce) {
  QueueOptions options;
  options.depth_max = 1;
  ManualQueue q(options);
  Request* a = Submit(&q.queue, Op::kNoOp);
  Request* b = Submit(&q.queue, Op::kNoOp);
  Request* c = Submit(&q.queue, Op::kNoOp);
  q.queue.Cancel(b);
  EXPECT_EQ(q.queue.TryWait(), b);
  EXPECT_EQ(b->result, -ECANCELED);
  EXPECT_EQ(q.held->cancels, 0u);  // The backend never had it.
  EXPECT_EQ(Finish(&q.queue, a), 0);
  EXPECT_EQ(Finish(&q.queue, c), 0);
}

TEST(CompletionOrderTest, ALateCancelDoesNotChangeTheResult) {
  ManualQueue q;
  q.held->can_cancel = false;
  Request* r = Submit(&q.queue, Op::kNoOp);
  q.queue.Cancel(r);
  EXPECT_EQ(q.held->cancels, 1u);
  EXPECT_EQ(q.queue.TryWait(), nullptr);  // The backend still has it.
  EXPECT_EQ(q.queue.in_flight(), 1u);
  q.held->Finish(r);
  EXPECT_EQ(Finish(&q.queue, r), 0);
}

TEST(CompletionOrderTest, ACancelledRequestThatIsRefusedIsNotResubmitted) {
  ManualQueue q;
  q.held->can_cancel = false;
  const Pipe pipe;
  Request* r =
      Submit(&q.queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  q.queue.Cancel(r);
  q.held->FinishAs(r, kRefused);
  EXPECT_EQ(Finish(&q.queue, r), -ECANCELED);
}

TEST(CompletionOrderTest, ARefusedRequestIsDoneByTheWorkers) {
  ManualQueue q;
  const ScratchFile file("abc");
  Request* r = Submit(&q.queue, Op::kRead, file.fd(), 0, 3);
  q.held->FinishAs(r, kRefused);
  ASSERT_EQ(q.queue.WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), "abc");
}

TEST(CompletionOrderTest, ACancelledSyncIsNotKeptAsAnError) {
  ManualQueue q;
  const ScratchFile file;
  SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "b");
  Request* held = Submit(&q.queue, Op::kFsync, file.fd());
  q.queue.Cancel(held);
  EXPECT_EQ(Finish(&q.queue, held), -ECANCELED);
  EXPECT_EQ(q.queue.ledger().Find(file.fd()), nullptr);
  FinishAll(&q.queue);
}

}  // namespace
}  // namespace uasio
