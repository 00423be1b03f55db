// The contract: Notify() ends a waiting call, from any thread and from a signal
// handler.

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"
#include "workqueue/deadline.h"

namespace uasio {
namespace {

class NotifyTest : public BackendTest {
 protected:
  void SetUp() override {
    UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
    BackendTest::SetUp();
    if (IsSkipped()) return;
    queue_ = MakeQueue();
    blocked_ =
        Submit(queue_.get(), Op::kRead, pipe_.read_end.get(), kFilePosition, 1);
    ASSERT_TRUE(queue_->EnableNotify().ok());
  }
  void TearDown() override {
    if (!IsSkipped()) {
      pipe_.Put("x");
      queue_->Wait(blocked_);
    }
    BackendTest::TearDown();
  }

  const Pipe pipe_;
  std::unique_ptr<Queue> queue_;
  Request* blocked_ = nullptr;  // In flight until TearDown().
};
UASIO_INSTANTIATE_BACKENDS(NotifyTest);

TEST_P(NotifyTest, EndsTheNextCallThatWouldBlockOnce) {
  queue_->Notify();
  EXPECT_EQ(queue_->Wait(), nullptr);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(queue_->WaitFor(absl::Milliseconds(20)), nullptr);
  EXPECT_GE(std::chrono::steady_clock::now() - begin,
            std::chrono::milliseconds(20));
  queue_->Notify();
  queue_->Notify();
  EXPECT_FALSE(queue_->WaitFor(blocked_, absl::Hours(1)));
  queue_->Notify();
  Request* out[1];
  EXPECT_EQ(queue_->WaitMany(absl::MakeSpan(out), 1, absl::Hours(1)), 0u);
  queue_->Notify();
  EXPECT_EQ(queue_->WaitUntil(absl::InfiniteFuture()), nullptr);
}

TEST_P(NotifyTest, EndsACallThatBlocks) {
  const pid_t owner = ThreadId();
  for (int i = 0; i < 100; ++i) {
    std::thread other([&] {
      if (i % 2 == 0) UntilAsleep(owner);
      queue_->Notify();
    });
    EXPECT_EQ(queue_->Wait(), nullptr);
    other.join();
  }
}

TEST_P(NotifyTest, ACallThatReturnsSomethingLeavesItForTheNext) {
  Request* r = Submit(queue_.get(), Op::kNoOp);
  ASSERT_TRUE(queue_->WaitFor(r, absl::InfiniteDuration()));
  queue_->Submit(r);
  queue_->Notify();
  queue_->Wait(r);  // Does not end early.
  queue_->SubmitAndWait(r);
  EXPECT_EQ(queue_->TryWait(), nullptr);  // Does not block.
  EXPECT_EQ(queue_->Wait(), nullptr);
}

TEST_P(NotifyTest, EndsRunHandlers) {
  const Pipe pipe;
  Request* r =
      Prepare(queue_.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  r->handler = [](Request*) noexcept {};
  queue_->Submit(r);
  queue_->Notify();
  EXPECT_FALSE(queue_->RunHandlers());
  pipe.Put("x");
  EXPECT_TRUE(queue_->RunHandlers());
}

TEST_P(NotifyTest, SyncGoesOn) {
  const BlockFile file = MakeFile("a");
  queue_->Notify();
  pipe_.Put("x");
  EXPECT_TRUE(queue_->Sync().ok());
  EXPECT_EQ(blocked_->result, 1);
  queue_->Wait(blocked_);
  queue_->Submit(blocked_);
  EXPECT_EQ(queue_->Wait(), nullptr);
}

TEST_P(NotifyTest, MakesTheEventFdReadableUntilItIsDrained) {
  const int event_fd = *queue_->event_fd();
  while (PollIn(event_fd, kDontWait)) EXPECT_EQ(queue_->TryWait(), nullptr);
  std::thread other([&] { queue_->Notify(); });
  EXPECT_TRUE(PollIn(event_fd, kNoDeadline));
  other.join();
  EXPECT_EQ(queue_->TryWait(), nullptr);
  EXPECT_FALSE(PollIn(event_fd, kDontWait));
}

std::atomic<Queue*> signalled_queue{nullptr};
std::atomic<int> signals{0};

// Installs a handler of SIGUSR1 that notifies the queue.
class NotifyOnSignal {
 public:
  explicit NotifyOnSignal(Queue* queue) {
    signalled_queue = queue;
    signals = 0;
    struct sigaction action = {};
    action.sa_handler = [](int) {
      ++signals;
      signalled_queue.load()->Notify();
    };
    EXPECT_EQ(sigaction(SIGUSR1, &action, &before_), 0);
  }
  ~NotifyOnSignal() { sigaction(SIGUSR1, &before_, nullptr); }

 private:
  struct sigaction before_;
};

TEST_P(NotifyTest, ASignalHandlerMayCallIt) {
  const NotifyOnSignal handler(queue_.get());
  const pthread_t owner = pthread_self();
  const pid_t owner_id = ThreadId();
  for (int i = 0; i < 50; ++i) {
    std::thread other([&] {
      if (i % 2 == 0) UntilAsleep(owner_id);
      pthread_kill(owner, SIGUSR1);
    });
    errno = ENOENT;
    EXPECT_EQ(queue_->Wait(), nullptr);
    other.join();
  }
  EXPECT_EQ(signals, 50);
}

// Also if the eventfd takes no more.
TEST_P(NotifyTest, LeavesErrnoAsItIs) {
  const int event_fd = *queue_->event_fd();
  EXPECT_EQ(queue_->TryWait(), nullptr);  // Drains it.
  ASSERT_EQ(eventfd_write(event_fd, UINT64_MAX - 1), 0);
  errno = ENOENT;
  queue_->Notify();
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(queue_->Wait(), nullptr);
}

TEST_P(NotifyTest, CompletionsStillEndEachWait) {
  const BlockFile file = MakeFile("a");
  for (int i = 0; i < 1000; ++i) {
    Request* r = Submit(queue_.get(), Op::kRead, file.fd(), 0, 1);
    ASSERT_EQ(queue_->Wait(), r);
    queue_->Put(r);
  }
}

// No notification is lost, and no completion.
TEST_P(NotifyTest, BesideCompletions) {
  constexpr int kRounds = 2000;
  const BlockFile file = MakeFile("a");
  std::atomic<int> seen{0};
  std::thread other([&] {
    for (int i = 0; i < kRounds; ++i) {
      queue_->Notify();
      while (seen <= i) sched_yield();
    }
  });
  while (seen < kRounds) {
    Request* r = queue_->Get();
    if (r != nullptr) {
      r->op = Op::kRead;
      r->fd = file.fd();
      r->length = 1;
      queue_->Submit(r);
    }
    while (Request* back = queue_->Wait()) queue_->Put(back);
    ++seen;
  }
  other.join();
  // The file must not be closed before its reads are back.
  while (queue_->in_flight() > 1) queue_->Put(queue_->Wait());
}

}  // namespace
}  // namespace uasio
