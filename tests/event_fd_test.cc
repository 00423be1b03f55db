// The contract: "The event fd": readable whenever a call could make
// progress.  tests/event_loop_test.cc has the million requests.

#include <poll.h>
#include <sys/eventfd.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
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

constexpr int kTimeoutMs = 30000;

bool IsReadable(int fd, int timeout_ms = 0) {
  pollfd in = {fd, POLLIN, 0};
  return poll(&in, 1, timeout_ms) == 1;
}

// Waits for and puts `count` requests, polling the fd before each TryWait().
void WaitForSignaled(Queue* queue, int fd, int count) {
  while (count > 0) {
    ASSERT_TRUE(IsReadable(fd, kTimeoutMs));
    while (Request* r = queue->TryWait()) {
      EXPECT_TRUE(r->op == Op::kNoOp || r->buffer[0] == 'a') << r->status();
      queue->Put(r);
      --count;
    }
  }
}

class EventFdTest : public BackendTest {
 protected:
  Request* SubmitRead(Queue* queue, const BlockFile& file) const {
    return Submit(queue, Op::kRead, file.fd(), 0, block());
  }

  // The kernel signals a completion a moment after Reap() can return it, so
  // each completion may cause one spurious wake-up.
  void ExpectDrained(Queue* queue, int fd, int finished) const {
    int spurious = 0;
    for (; IsReadable(fd) && spurious <= finished; ++spurious) {
      EXPECT_EQ(queue->TryWait(), nullptr);
    }
    EXPECT_LE(spurious, counted() ? finished : 0);
  }
};
UASIO_INSTANTIATE_BACKENDS(EventFdTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(EventFdTest);

TEST_P(EventFdTest, IsAlwaysTheSameFdAndInitiallyNotReadable) {
  const auto queue = MakeQueue();
  const auto fd = queue->event_fd();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_FALSE(IsReadable(*fd));
  EXPECT_EQ(*queue->event_fd(), *fd);
}

TEST_P(EventFdTest, IsReadableAfterCompletionsUntilTryWaitDrainsIt) {
  const auto queue = MakeQueue();
  const int fd = *queue->event_fd();
  for (int i = 0; i < 100; ++i) {
    Submit(queue.get(), Op::kNoOp);
    Submit(queue.get(), Op::kNoOp);
    WaitForSignaled(queue.get(), fd, 2);
    EXPECT_FALSE(IsReadable(fd));
  }
}

TEST_P(EventFdTest, IsReadableAfterReads) {
  const auto queue = MakeQueue();
  const int fd = *queue->event_fd();
  const BlockFile file = MakeFile("a");
  for (int i = 0; i < 100; ++i) {
    SubmitRead(queue.get(), file);
    SubmitRead(queue.get(), file);
    WaitForSignaled(queue.get(), fd, 2);
    ExpectDrained(queue.get(), fd, 2);
  }
}

// Submits to the kernel and to the workers, in both orders.
TEST_P(EventFdTest, IsReadableAfterDirectAndBufferedReadsOfOneQueue) {
  const auto queue = MakeQueue();
  const int fd = *queue->event_fd();
  const BlockFile file = MakeFile("a");
  const ScratchFile buffered("a");
  for (int i = 0; i < 200; ++i) {
    if (i % 2 == 0) SubmitRead(queue.get(), file);
    Submit(queue.get(), Op::kRead, buffered.fd(), 0, 1);
    if (i % 2 != 0) SubmitRead(queue.get(), file);
    WaitForSignaled(queue.get(), fd, 2);
    ExpectDrained(queue.get(), fd, 2);
  }
}

TEST_P(EventFdTest, IsReadableForARequestSubmittedBeforeTheFirstEventFdCall) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  SubmitRead(queue.get(), file);
  EXPECT_TRUE(IsReadable(*queue->event_fd(), kTimeoutMs));
  EXPECT_EQ(FinishAll(queue.get()), 1u);
}

TEST_P(EventFdTest, StaysReadableWhileResultsRemain) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  for (int i = 0; i < 5; ++i) SubmitRead(queue.get(), file);
  EXPECT_TRUE(queue->Sync().ok());
  const int fd = *queue->event_fd();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(IsReadable(fd));
    EXPECT_NE(queue->TryWait(), nullptr);
  }
  EXPECT_EQ(queue->TryWait(), nullptr);
  ExpectDrained(queue.get(), fd, 5);
}

TEST_P(EventFdTest, IsReadableForAWriteBackAndAHandler) {
  QueueOptions options;
  options.requests_max = 2;
  const auto queue = MakeQueue(options);
  const int fd = *queue->event_fd();
  const BlockFile file = MakeFile("a");
  bool called = false;
  Request* r = Prepare(queue.get(), Op::kRead, file.fd(), 0, block());
  r->user_data = &called;
  r->handler = [](Request* r) noexcept {
    *static_cast<bool*>(r->user_data) = true;
  };
  SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), 0, Blocks("x"));
  while (queue->in_flight() > 0) {
    ASSERT_TRUE(IsReadable(fd, kTimeoutMs));
    EXPECT_EQ(queue->TryWait(), nullptr);
  }
  queue->Submit(r);
  while (!called) {
    ASSERT_TRUE(IsReadable(fd, kTimeoutMs));
    EXPECT_EQ(queue->TryWait(), nullptr);
  }
}

TEST_P(EventFdTest, OneRunHandlersPerWakeUpClearsIt) {
  const auto queue = MakeQueue();
  const int fd = *queue->event_fd();
  const BlockFile file = MakeFile("a");
  for (int i = 0; i < 100; ++i) {
    Request* r = Prepare(queue.get(), Op::kRead, file.fd(), 0, block());
    bool called = false;
    r->user_data = &called;
    r->handler = [](Request* r) noexcept {
      *static_cast<bool*>(r->user_data) = true;
    };
    queue->Submit(r);
    while (!called) {
      ASSERT_TRUE(IsReadable(fd, kTimeoutMs));
      queue->RunHandlers(absl::InfinitePast());
    }
    queue->Put(r);
    int spurious = 0;
    for (; IsReadable(fd) && spurious <= 1; ++spurious) {
      EXPECT_FALSE(queue->RunHandlers(absl::InfinitePast()));
    }
    ASSERT_LE(spurious, counted() ? 1 : 0);
  }
}

TEST_P(EventFdTest, IsReadableWhenACancelledRequestIsBack) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const int fd = *queue->event_fd();
  const Pipe pipe;
  Request* running =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  Request* held =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  EXPECT_FALSE(IsReadable(fd));
  queue->Cancel(held);
  EXPECT_TRUE(IsReadable(fd));
  EXPECT_EQ(queue->TryWait(), held);
  EXPECT_EQ(queue->TryWait(), nullptr);
  queue->Cancel(running);
  EXPECT_TRUE(IsReadable(fd, kTimeoutMs));
  EXPECT_EQ(queue->TryWait(), running);
}

TEST(EventFdOrderTest, ALaterCallSucceedsAfterOneWithoutFreeFds) {
  Queue queue;
  {
    const FdLimit none(0);
    EXPECT_EQ(queue.event_fd().status().code(),
              absl::StatusCode::kResourceExhausted);
  }
  const auto fd = queue.event_fd();
  ASSERT_TRUE(fd.ok()) << fd.status();
  Submit(&queue, Op::kNoOp);
  EXPECT_TRUE(IsReadable(*fd, kTimeoutMs));
  EXPECT_EQ(FinishAll(&queue), 1u);
}

// Submit() and Get() reap completions to start held requests.  The event fd
// must be readable for those results, too.
TEST(EventFdOrderTest, IsReadableForResultsThatOtherCallsReaped) {
  const ScratchFile file("a");
  ManualQueue q;
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

TEST(EventFdOrderTest, WaitingCallsLeaveItReadableForTheOtherResults) {
  ManualQueue q;
  const int fd = *q.queue.event_fd();
  Request* first = Submit(&q.queue, Op::kNoOp);
  Request* second = Submit(&q.queue, Op::kNoOp);
  q.held->FinishAll();
  EXPECT_EQ(q.queue.TryWait(), first);
  EXPECT_TRUE(IsReadable(fd));
  q.queue.Submit(first);
  q.held->Finish(first);
  EXPECT_TRUE(q.queue.WaitFor(first, absl::ZeroDuration()));
  EXPECT_TRUE(IsReadable(fd));
  EXPECT_EQ(q.queue.TryWait(), second);
  EXPECT_EQ(q.queue.TryWait(), nullptr);
  EXPECT_FALSE(IsReadable(fd));
}

TEST(EventFdOrderTest, IsReadableForWhatIsCancelledTogether) {
  const ScratchFile file("a");
  ManualQueue q;
  q.held->can_cancel = false;
  const int fd = *q.queue.event_fd();
  Submit(&q.queue, Op::kWrite, file.fd(), 0, 1);
  Request* held = Submit(&q.queue, Op::kRead, file.fd(), 0, 1);
  for (const bool all : {true, false}) {
    EXPECT_EQ(q.queue.TryWait(), nullptr);
    EXPECT_FALSE(IsReadable(fd));
    all ? q.queue.CancelAll() : q.queue.CancelFd(file.fd());
    EXPECT_TRUE(IsReadable(fd));
    EXPECT_EQ(q.queue.TryWait(), held);
    if (all) q.queue.Submit(held);
  }
}

TEST(EventFdOrderTest, RunHandlersClearsItUnlessAResultIsLeft) {
  ManualQueue q;
  Request* plain = Submit(&q.queue, Op::kNoOp);
  Request* handled = Prepare(&q.queue, Op::kNoOp);
  handled->handler = [](Request*) noexcept {};
  q.queue.Submit(handled);
  const int fd = *q.queue.event_fd();
  EXPECT_TRUE(IsReadable(fd));  // Some may have completed before.
  EXPECT_FALSE(q.queue.RunHandlers(absl::InfinitePast()));
  EXPECT_FALSE(IsReadable(fd));
  q.held->Finish(handled);
  q.held->Finish(plain);
  EXPECT_TRUE(q.queue.RunHandlers(absl::InfinitePast()));
  EXPECT_TRUE(IsReadable(fd));
  EXPECT_FALSE(q.queue.RunHandlers());
  EXPECT_TRUE(IsReadable(fd));
  EXPECT_EQ(q.queue.TryWait(), plain);
  EXPECT_FALSE(q.queue.RunHandlers());
  EXPECT_FALSE(IsReadable(fd));
}

TEST(EventFdOrderTest, RunHandlersLeavesItReadableForWhatCompletesMeanwhile) {
  ManualQueue q;
  const int fd = *q.queue.event_fd();
  Request* later = Prepare(&q.queue, Op::kNoOp);
  later->handler = [](Request*) noexcept {};
  q.queue.Submit(later);
  const std::function<void()> finish = [&] { q.held->Finish(later); };
  Request* first = Prepare(&q.queue, Op::kNoOp);
  first->user_data = const_cast<std::function<void()>*>(&finish);
  first->handler = [](Request* r) noexcept {
    (*static_cast<std::function<void()>*>(r->user_data))();
  };
  q.queue.Submit(first);
  q.held->Finish(first);
  EXPECT_TRUE(q.queue.RunHandlers(absl::InfinitePast()));
  EXPECT_TRUE(IsReadable(fd));
  EXPECT_TRUE(q.queue.RunHandlers(absl::InfinitePast()));
  EXPECT_FALSE(IsReadable(fd));
}

// A queue with two sources polls the event fd itself.  While no user has asked
// for the fd, calls that reap completions must not write it.
TEST(EventFdOrderTest, IsNotSignaledBeforeTheUserAsksForIt) {
  const ScratchFile file("a");
  ManualQueue q;
  q.held->takes = [](const Request& r) { return r.op == Op::kNoOp; };
  Request* by_worker = Submit(&q.queue, Op::kRead, file.fd(), 0, 1);
  EXPECT_EQ(Finish(&q.queue, by_worker), 1);
  for (int i = 0; i < 3; ++i) q.held->Finish(Submit(&q.queue, Op::kNoOp));
  eventfd_t count;
  ASSERT_EQ(eventfd_read(q.held->event_fd, &count), 0);
  q.queue.Put(q.queue.TryWait());  // Reaps the others, too.
  EXPECT_FALSE(IsReadable(q.held->event_fd));
  EXPECT_TRUE(IsReadable(*q.queue.event_fd()));
  EXPECT_EQ(FinishAll(&q.queue), 2u);
}

// Fills one Reap() of the queue with refusals.  The completion behind them was
// signaled with them, and is not signaled again.
TEST(EventFdOrderTest, RefusalsDoNotHideACompletionBehindThem) {
  ManualQueue q;
  const std::vector<Pipe> pipes(63);
  Request* with_handler = Prepare(&q.queue, Op::kNoOp);
  with_handler->handler = [](Request*) noexcept {};
  q.queue.Submit(with_handler);
  for (const Pipe& pipe : pipes) {
    Submit(&q.queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
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
