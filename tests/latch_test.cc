// The contract: "Accounting uses what was latched at Submit": a request that is
// changed while it is in flight comes back as it was submitted.

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

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
  static void Count(Request* r) noexcept { ++*static_cast<int*>(r->user_data); }

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

TEST_P(LatchTest, AHeldWriteWhoseFdIsChangedWritesToTheFdOfItsSubmit) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("aa");
  const BlockFile other = MakeFile("oo");
  Request* first =
      PrepareWrite(queue.get(), Op::kWrite, file.fd(), 0, Blocks("bb"));
  Request* held =
      PrepareWrite(queue.get(), Op::kWrite, file.fd(), 0, Blocks("cc"));
  queue->Submit({first, held});
  held->fd = other.fd();
  held->length = block();
  EXPECT_EQ(FinishAll(queue.get()), 2u);
  EXPECT_EQ(file.Text(), "cc");
  EXPECT_EQ(other.Text(), "oo");
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

// Everything that says what a request does, and where.
void Spoil(Request* r, int fd) {
  r->op = Op::kRead;
  r->fd = fd;
  r->offset = 1;
  r->buffer = nullptr;
  r->length = 1;
  r->iovecs = nullptr;
  r->iovec_count = 0;
  r->transferred = 1;
  r->traits = FdTraits();
}

class SpoiltRequestTest : public testing::Test {
 protected:
  void ExpectWritten(const std::string& bytes) {
    EXPECT_EQ(file_.Contents(), bytes);
    EXPECT_EQ(other_.Contents(), "");
  }

  const ScratchFile file_;
  const ScratchFile other_;
};

TEST_F(SpoiltRequestTest, AHeldWriteIsDoneAsItWasSubmitted) {
  ManualQueue q;
  Request* first = SubmitWrite(&q.queue, Op::kWrite, file_.fd(), 0, "ab");
  Request* held = SubmitWrite(&q.queue, Op::kWrite, file_.fd(), 0, "cd");
  Spoil(held, other_.fd());
  EXPECT_EQ(Finish(&q.queue, first), 2);
  EXPECT_EQ(Finish(&q.queue, held), 2);
  ExpectWritten("cd");
}

// A handler spoils the request that the owner waits for, and performs itself if
// the backend does not take it.
TEST_F(SpoiltRequestTest, AHeldWriteOfSubmitAndWaitIsDoneAsItWasSubmitted) {
  for (const bool by_owner : {true, false}) {
    ManualQueue q;
    q.held->takes = [by_owner](const Request& r) {
      return !by_owner || r.op != Op::kWrite;
    };
    SubmitWrite(&q.queue, Op::kWriteBack, file_.fd(), 0, "ab");
    Request* held = PrepareWrite(&q.queue, Op::kWrite, file_.fd(), 0, "cd");
    Request* handled = q.queue.Get()->NoOp();
    q.queue.Submit(handled, [&](Request*) { Spoil(held, other_.fd()); });
    q.held->Finish(handled);
    q.queue.SubmitAndWait(held);
    EXPECT_EQ(held->result, 2);
    ExpectWritten("cd");
  }
}

TEST_F(SpoiltRequestTest, AHeldWritevIsDoneAsItWasSubmitted) {
  ManualQueue q;
  char data[] = "cd";
  const iovec part = {data, 2};
  Request* first = SubmitWrite(&q.queue, Op::kWrite, file_.fd(), 0, "ab");
  Request* held = Prepare(&q.queue, Op::kWritev, file_.fd());
  held->iovecs = &part;
  held->iovec_count = 1;
  q.queue.Submit(held);
  Spoil(held, other_.fd());
  EXPECT_EQ(Finish(&q.queue, first), 2);
  EXPECT_EQ(Finish(&q.queue, held), 2);
  ExpectWritten("cd");
}

TEST_F(SpoiltRequestTest, AWriteOfTheBacklogIsDoneAsItWasSubmitted) {
  QueueOptions options;
  options.depth_max = 1;
  ManualQueue q(options);
  Request* first = SubmitWrite(&q.queue, Op::kWrite, file_.fd(), 0, "ab");
  Request* later = SubmitWrite(&q.queue, Op::kWrite, file_.fd(), 2, "cd");
  Spoil(later, other_.fd());
  EXPECT_EQ(Finish(&q.queue, first), 2);
  EXPECT_EQ(Finish(&q.queue, later), 2);
  ExpectWritten("abcd");
}

TEST_F(SpoiltRequestTest, TheRestOfAShortWriteIsDoneAsItWasSubmitted) {
  ManualQueue q;
  q.held->finishes_transfers = false;
  Request* w = SubmitWrite(&q.queue, Op::kWrite, file_.fd(), 0, "abcd");
  ASSERT_EQ(pwrite(file_.fd(), "ab", 2, 0), 2);
  q.held->FinishAs(w, 2, 2);
  Spoil(w, other_.fd());
  EXPECT_EQ(Finish(&q.queue, w), 4);
  ExpectWritten("abcd");
}

TEST_F(SpoiltRequestTest, ARefusedWriteIsDoneAsItWasSubmitted) {
  for (const int64_t result : {kRefused, int64_t{-EAGAIN}}) {
    ManualQueue q;
    q.held->finishes_transfers = false;
    Request* w = SubmitWrite(&q.queue, Op::kWrite, file_.fd(), 0, "ab");
    q.held->FinishAs(w, result);
    Spoil(w, other_.fd());
    EXPECT_EQ(Finish(&q.queue, w), 2);
    ExpectWritten("ab");
  }
}

}  // namespace
}  // namespace uasio
