// The contract: "The event fd": readable whenever a call could make
// progress.  tests/event_loop_test.cc has the million requests.

#include <poll.h>

#include <string>
#include <vector>

#include "asio/queue.h"
#include "gtest/gtest.h"
#include "tests/backends.h"
#include "tests/held_backend.h"
#include "tests/requests.h"
#include "tests/scratch.h"

namespace uasio {
namespace {

constexpr int kSoonEnoughMs = 30000;

bool IsReadable(int fd, int timeout_ms = 0) {
  pollfd in = {fd, POLLIN, 0};
  return poll(&in, 1, timeout_ms) == 1;
}

class EventFdTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(EventFdTest);

TEST_P(EventFdTest, IsTheSameEachTimeAndAtFirstNotReadable) {
  const auto queue = MakeQueue();
  const auto fd = queue->event_fd();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_FALSE(IsReadable(*fd));
  EXPECT_EQ(*queue->event_fd(), *fd);
}

TEST_P(EventFdTest, IsReadableWhenSomethingIsFinishedAndDrainedByTryWait) {
  const auto queue = MakeQueue();
  const int fd = *queue->event_fd();
  for (int i = 0; i < 100; ++i) {
    Submit(queue.get(), Op::kNoOp);
    Submit(queue.get(), Op::kNoOp);
    for (int left = 2; left > 0;) {
      ASSERT_TRUE(IsReadable(fd, kSoonEnoughMs));
      while (Request* r = queue->TryWait()) queue->Put(r), --left;
    }
    EXPECT_FALSE(IsReadable(fd));
  }
}

TEST_P(EventFdTest, AnnouncesWhatWasFinishedBeforeItWasAskedFor) {
  const auto queue = MakeQueue();
  Submit(queue.get(), Op::kNoOp);
  EXPECT_TRUE(IsReadable(*queue->event_fd(), kSoonEnoughMs));
}

TEST_P(EventFdTest, StaysReadableWhileResultsRemain) {
  const auto queue = MakeQueue();
  for (int i = 0; i < 5; ++i) Submit(queue.get(), Op::kNoOp);
  EXPECT_TRUE(queue->Sync().ok());
  const int fd = *queue->event_fd();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(IsReadable(fd));
    EXPECT_NE(queue->TryWait(), nullptr);
  }
  EXPECT_EQ(queue->TryWait(), nullptr);
  EXPECT_FALSE(IsReadable(fd));
}

TEST_P(EventFdTest, IsReadableForAWriteBackAndAHandler) {
  QueueOptions options;
  options.requests_max = 2;
  const auto queue = MakeQueue(options);
  const int fd = *queue->event_fd();
  const ScratchFile file;
  bool called = false;
  Request* r = Prepare(queue.get(), Op::kNoOp);
  r->user_data = &called;
  r->handler = [](Request* r) { *static_cast<bool*>(r->user_data) = true; };
  SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), 0, "x");
  while (queue->in_flight() > 0) {
    ASSERT_TRUE(IsReadable(fd, kSoonEnoughMs));
    EXPECT_EQ(queue->TryWait(), nullptr);
  }
  queue->Submit(r);
  while (!called) {
    ASSERT_TRUE(IsReadable(fd, kSoonEnoughMs));
    EXPECT_EQ(queue->TryWait(), nullptr);
  }
}

TEST_P(EventFdTest, IsReadableWhenACancelledRequestIsBack) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const int fd = *queue->event_fd();
  const Pipe pipe;
  Request* running = Submit(queue.get(), Op::kRead, pipe.out, kFilePosition, 1);
  Request* held = Submit(queue.get(), Op::kRead, pipe.out, kFilePosition, 1);
  EXPECT_FALSE(IsReadable(fd));
  queue->Cancel(held);
  EXPECT_TRUE(IsReadable(fd));
  EXPECT_EQ(queue->TryWait(), held);
  EXPECT_EQ(queue->TryWait(), nullptr);
  queue->Cancel(running);
  EXPECT_TRUE(IsReadable(fd, kSoonEnoughMs));
  EXPECT_EQ(queue->TryWait(), running);
}

// Submit() and Get() take in what is finished, to start what is held; the
// results must not be forgotten over that.
TEST(EventFdOrderTest, AnnouncesWhatOtherCallsHaveTakenIn) {
  const ScratchFile file("a");
  HeldQueue q;
  const int fd = *q.queue.event_fd();
  Request* w = Submit(&q.queue, Op::kWrite, file.fd(), 0, 1);
  Request* r = Submit(&q.queue, Op::kRead, file.fd(), 0, 1);
  q.held->Finish(w);
  q.queue.Put(q.queue.Get());
  EXPECT_TRUE(q.held->IsRunning(r));
  EXPECT_TRUE(IsReadable(fd));
  EXPECT_EQ(q.queue.TryWait(), w);
  EXPECT_EQ(q.queue.TryWait(), nullptr);
  EXPECT_FALSE(IsReadable(fd));
  q.held->Finish(r);
  EXPECT_TRUE(IsReadable(fd));
}

// As many at once as the queue takes in with one look, all but one refused:
// what is finished behind them was announced with them, and never again.
TEST(EventFdOrderTest, RefusalsDoNotHideWhatIsFinishedBehindThem) {
  HeldQueue q;
  const std::vector<Pipe> pipes(63);
  Request* with_handler = Prepare(&q.queue, Op::kNoOp);
  with_handler->handler = [](Request*) {};
  q.queue.Submit(with_handler);
  for (const Pipe& pipe : pipes) {
    Submit(&q.queue, Op::kRead, pipe.out, kFilePosition, 1);
  }
  Request* behind = Submit(&q.queue, Op::kNoOp);
  q.held->Finish(with_handler);
  while (q.held->running.front() != behind) {
    q.held->FinishAs(q.held->running.front(), kRefused);
  }
  q.held->Finish(behind);
  EXPECT_EQ(q.queue.TryWait(), behind);
  for (const Pipe& pipe : pipes) pipe.Put("x");
  EXPECT_EQ(FinishAll(&q.queue), pipes.size());
}

}  // namespace
}  // namespace uasio
