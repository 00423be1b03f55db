// The contract: what is in flight can be walked over, cancelled together, and
// finished with its file.

#include <errno.h>
#include <fcntl.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "workqueue/deadline.h"

namespace uasio {
namespace {

class CancelManyTest : public BackendTest {
 protected:
  void SetUp() override {
    UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
    BackendTest::SetUp();
  }

  Request* ReadPipe(Queue* queue, const Pipe& pipe) {
    return Submit(queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  }
};
UASIO_INSTANTIATE_BACKENDS(CancelManyTest);

TEST_P(CancelManyTest, CancelAllEndsWhatRunsAndWhatIsHeld) {
  const auto queue = MakeQueue();
  const Pipe pipes[2];
  std::set<Request*> reads;
  for (const Pipe& pipe : pipes) {
    for (int i = 0; i < 3; ++i) reads.insert(ReadPipe(queue.get(), pipe));
  }
  queue->CancelAll();
  for (size_t left = 6; left > 0; --left) {
    Request* r = queue->WaitUntil(TestDeadline());
    ASSERT_NE(r, nullptr);
    EXPECT_EQ(r->result, -ECANCELED);
    EXPECT_EQ(reads.erase(r), 1u);
  }
  EXPECT_EQ(queue->in_flight(), 0u);
}

TEST_P(CancelManyTest, CancelFdLeavesOtherFds) {
  const auto queue = MakeQueue();
  const Pipe pipe;
  const Pipe other;
  Request* stays = ReadPipe(queue.get(), other);
  Request* first = ReadPipe(queue.get(), pipe);
  Request* second = ReadPipe(queue.get(), pipe);
  queue->CancelFd(pipe.read_end.get());
  queue->Wait(first);
  queue->Wait(second);
  EXPECT_EQ(first->result, -ECANCELED);
  EXPECT_EQ(second->result, -ECANCELED);
  EXPECT_EQ(queue->TryWait(), nullptr);
  other.Put("x");
  EXPECT_EQ(Finish(queue.get(), stays), 1);
}

TEST(CancelManyOrderTest, WhatIsCancelledTogetherDoesNotStart) {
  QueueOptions options;
  options.depth_max = 1;
  ManualQueue q(options);
  const ScratchFile file;
  SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "1");
  Request* backlog = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 8, "2");
  Request* held = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 8, "3");
  q.queue.CancelAll();
  EXPECT_EQ(q.held->started, 1u);
  EXPECT_EQ(FinishAll(&q.queue), 3u);
  EXPECT_EQ(backlog->result, -ECANCELED);
  EXPECT_EQ(held->result, -ECANCELED);
  EXPECT_EQ(file.Contents(), "");
}

TEST(CancelManyOrderTest, WriteBacksAreNotCancelled) {
  QueueOptions options;
  options.depth_max = 1;
  ManualQueue q(options);
  const ScratchFile file;
  SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "1");
  SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "2");
  q.queue.CancelAll();
  EXPECT_TRUE(q.queue.Sync().ok());
  EXPECT_EQ(file.Contents(), "2");
}

TEST(CancelManyOrderTest, WhatTheCancelledOnesHeldStartsAtOnce) {
  ManualQueue q;
  q.held->can_cancel = false;
  const ScratchFile file;
  SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "1");
  Request* held = Submit(&q.queue, Op::kRead, file.fd(), 0, 16);
  SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 8, "2");
  EXPECT_EQ(q.held->started, 1u);
  q.queue.CancelAll();
  EXPECT_EQ(q.held->started, 2u);
  EXPECT_EQ(Finish(&q.queue, held), -ECANCELED);
}

TEST(CancelManyOrderTest, CancelFdLeavesNoOpsWhateverTheirFd) {
  ManualQueue q;
  Request* no_op = Submit(&q.queue, Op::kNoOp, 5);
  q.queue.CancelFd(5);
  EXPECT_EQ(q.held->cancels, 0u);
  EXPECT_EQ(Finish(&q.queue, no_op), 0);
}

TEST(CancelManyOrderTest, TheWalkMeetsWhatIsInFlight) {
  QueueOptions options;
  options.depth_max = 2;
  ManualQueue q(options);
  const ScratchFile file;
  std::set<const Request*> expected;
  Request* write = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "1");
  expected.insert(write);
  expected.insert(SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "2"));
  expected.insert(Submit(&q.queue, Op::kNoOp));
  expected.insert(Submit(&q.queue, Op::kNoOp));  // In the backlog.
  Request* due = Prepare(&q.queue, Op::kNoOp);
  due->handler = [](Request*) noexcept {};
  q.queue.Submit(due);
  expected.insert(due);
  (void)q.queue.Get();
  const auto seen = [&] {
    std::set<const Request*> all;
    q.queue.ForEachInFlight([&](const Request& r) { all.insert(&r); });
    return all;
  };
  EXPECT_EQ(seen(), expected);
  q.queue.Cancel(due);  // Its handler is due now.
  EXPECT_EQ(seen(), expected);
  EXPECT_EQ(seen().size(), q.queue.in_flight());
  q.held->Finish(write);
  Request* back = q.queue.Wait();
  EXPECT_EQ(back, write);
  expected.erase(write);
  q.held->FinishAll();
  (void)q.queue.Get();  // Reaps.
  EXPECT_EQ(seen().size(), q.queue.in_flight());
  EXPECT_TRUE(q.queue.Sync().ok());
  EXPECT_EQ(seen().size(), 0u);
}

class SyncAndCloseTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(SyncAndCloseTest);

TEST_P(SyncAndCloseTest, WaitsForThatFileAloneAndClosesIt) {
  const auto queue = MakeQueue();
  const ScratchFile scratch;
  absl::StatusOr<File> file =
      File::Open(scratch.path(), O_RDWR, 0, File::Mode::kBuffered);
  ASSERT_TRUE(file.ok());
  const int fd = file->fd();
  for (int i = 0; i < 20; ++i) {
    SubmitWrite(queue.get(), Op::kWriteBack, fd, i, "x");
  }
  int ran = 0;
  Request* handled = Prepare(queue.get(), Op::kFsync, fd);
  handled->user_data = &ran;
  handled->handler = [](Request* r) noexcept {
    ++*static_cast<int*>(r->user_data);
  };
  queue->Submit(handled);
  Request* r = Submit(queue.get(), Op::kRead, fd, 0, 20);
  EXPECT_TRUE(queue->SyncAndClose(&*file).ok());
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(file->fd(), -1);
  EXPECT_EQ(scratch.Contents(), std::string(20, 'x'));
  EXPECT_EQ(queue->TryWait(), r);
  EXPECT_EQ(BytesOf(*r), std::string(20, 'x'));
}

TEST_P(SyncAndCloseTest, ReturnsTheErrorsOfWriteBacks) {
  const auto queue = MakeQueue();
  const ScratchFile scratch;
  absl::StatusOr<File> file =
      File::Open(scratch.path(), O_RDONLY, 0, File::Mode::kBuffered);
  ASSERT_TRUE(file.ok());
  SubmitWrite(queue.get(), Op::kWriteBack, file->fd(), 0, "x");
  EXPECT_FALSE(queue->SyncAndClose(&*file).ok());
  EXPECT_EQ(file->fd(), -1);
}

// Its waits clear the event fd.
TEST_P(SyncAndCloseTest, TheEventFdIsReadableForTheResultsThatItLeaves) {
  const auto queue = MakeQueue();
  const ScratchFile scratch("a");
  ASSERT_TRUE(queue->EnableNotify().ok());
  const int event_fd = *queue->event_fd();
  for (int i = 0; i < 100; ++i) {
    auto file = File::Open(scratch.path(), O_RDWR, 0, File::Mode::kBuffered);
    ASSERT_TRUE(file.ok());
    Submit(queue.get(), Op::kRead, file->fd(), 0, 1);
    Request* r = Submit(queue.get(), Op::kFsync, file->fd());
    EXPECT_TRUE(queue->SyncAndClose(&*file).ok());
    EXPECT_TRUE(PollIn(event_fd, kDontWait));
    queue->Wait(r);
    queue->Put(r);
    queue->Put(queue->TryWait());
    EXPECT_EQ(queue->TryWait(), nullptr);
  }
}

TEST(SyncAndCloseOrderTest, DoesNotWaitForOtherFiles) {
  ManualQueue q;
  const ScratchFile scratch;
  auto file = File::Open(scratch.path(), O_RDWR, 0, File::Mode::kBuffered);
  ASSERT_TRUE(file.ok());
  Request* other = Submit(&q.queue, Op::kNoOp);
  q.held->when_awaited = [&] { q.held->Finish(q.held->running.back()); };
  SubmitWrite(&q.queue, Op::kWriteBack, file->fd(), 0, "x");
  EXPECT_TRUE(q.queue.SyncAndClose(&*file).ok());
  EXPECT_TRUE(q.held->IsRunning(other));
  EXPECT_EQ(q.queue.Wait(), other);
}

}  // namespace
}  // namespace uasio
