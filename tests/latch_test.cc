// The contract: "Accounting uses what was latched at Submit": a request that is
// changed while it is in flight comes back as it was submitted.

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LatchTest : public BackendTest {
 protected:
  // A read whose handler would count its calls in calls_.
  Request* PrepareRead(Queue* queue, const BlockFile& file) {
    Request* r = Prepare(queue, Op::kRead, file.fd(), 0, block());
    r->user_data = &calls_;
    return r;
  }
  static void Count(Request* r) { ++*static_cast<int*>(r->user_data); }

  int calls_ = 0;
};
UASIO_INSTANTIATE_BACKENDS(LatchTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(LatchTest);

TEST_P(LatchTest, AHandlerSetAfterSubmitIsNotCalled) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  Request* r = PrepareRead(queue.get(), file);
  queue->Submit(r);
  r->handler = &Count;
  EXPECT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(calls_, 0);
  EXPECT_EQ(queue->in_flight(), 0u);
  EXPECT_EQ(queue->WaitUntil(TestDeadline()), nullptr);
}

TEST_P(LatchTest, AHandlerTakenAwayAfterSubmitIsCalled) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  Request* r = PrepareRead(queue.get(), file);
  r->handler = &Count;
  queue->Submit(r);
  r->handler = nullptr;
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(queue->in_flight(), 0u);
  EXPECT_EQ(queue->TryWait(), nullptr);
}

TEST_P(LatchTest, AWriteBackThatIsMadeAWriteAfterSubmitDoesNotComeBack) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), 0, Blocks("b"))->op =
      Op::kWrite;
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(queue->writebacks(), 0u);
  EXPECT_EQ(queue->TryWait(), nullptr);
  EXPECT_EQ(file.Text(), "b");
}

TEST(LatchOrderTest, AWriteThatIsMadeAWriteBackAfterSubmitComesBack) {
  ManualQueue q;
  const ScratchFile file;
  Request* w = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "x");
  w->op = Op::kWriteBack;
  q.held->FinishAs(w, 1, 1);
  EXPECT_EQ(q.queue.TryWait(), w);
  EXPECT_EQ(q.queue.writebacks(), 0u);
}

TEST(LatchOrderTest, TheErrorOfAWriteBackIsKeptForTheFdOfItsSubmit) {
  ManualQueue q;
  const ScratchFile file;
  Request* w = SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
  w->op = Op::kRead;
  w->fd = -1;
  q.held->FinishAs(w, -EIO);
  EXPECT_FALSE(q.queue.Sync().ok());
  EXPECT_FALSE(q.queue.Forget(file.fd()).ok());
}

TEST(LatchOrderTest, AKeptErrorIsOfTheRequestAsItWasSubmitted) {
  ManualQueue q;
  const ScratchFile file;
  int mine = 0;
  Request* w = PrepareWrite(&q.queue, Op::kWriteBack, file.fd(), 7, "abc");
  w->user_data = &mine;
  q.queue.Submit(w);
  w->offset = 8;
  w->length = 1;
  w->buffer = nullptr;
  w->user_data = nullptr;
  w->traits = FdTraits();
  w->traits.direct = true;
  q.held->FinishAs(w, -EINVAL);
  const absl::Status status = q.queue.Sync();
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("write-back of 3 bytes at offset 7"),
                    Not(HasSubstr("multiple"))));
  const Ledger::Account* account = q.queue.ledger().Find(file.fd());
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->errors[0].offset, 7);
  EXPECT_EQ(account->errors[0].length, 3u);
  EXPECT_EQ(account->errors[0].user_data, &mine);
  q.queue.ClearErrors(file.fd());
}

TEST(LatchOrderTest, TheDepthCountsWhatTheFdWasAtSubmit) {
  QueueOptions options;
  options.depth_max = 1;
  ManualQueue q(options);
  Request* r = Submit(&q.queue, Op::kNoOp);
  r->traits.sized = false;
  q.held->FinishAs(r, 0);
  EXPECT_EQ(Finish(&q.queue, r), 0);
  Submit(&q.queue, Op::kNoOp);
  Submit(&q.queue, Op::kNoOp);
  EXPECT_EQ(q.held->running.size(), 1u);
}

}  // namespace
}  // namespace uasio
