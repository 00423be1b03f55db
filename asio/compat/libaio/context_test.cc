// A Context while other threads wait in it, and in a process that has no file
// descriptors left.

#include "asio/compat/libaio/context.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <thread>

#include "asio/compat/libaio/engine.h"
#include "asio/compat/libaio/submission.h"
#include "asio/testing/fd.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "asio/testing/thread_probe.h"
#include "gtest/gtest.h"

namespace uasio {
namespace libaio {
namespace {

sigset_t AllSignals() {
  sigset_t set;
  sigfillset(&set);
  return set;
}

const sigset_t kAllSignals = AllSignals();

iocb ReadOf(const Fd& fd, char* byte) {
  iocb block = {};
  block.aio_lio_opcode = IOCB_CMD_PREAD;
  block.aio_fildes = static_cast<uint32_t>(fd.get());
  block.aio_buf = reinterpret_cast<uint64_t>(byte);
  block.aio_nbytes = 1;
  return block;
}

// A thread that waits for one event.
class Waiter {
 public:
  Waiter(Context* context, const sigset_t* mask)
      : call_(mask == nullptr ? SYS_futex : SYS_ppoll),
        thread_([this, context, mask] {
          tid_ = gettid();
          result_ = context->GetEvents({1, 1, &event_, kNoDeadline, mask});
        }) {}

  // False: /proc does not show the thread's system call.
  bool WaitUntilBlocked() const {
    while (tid_ == 0) sched_yield();
    return ThreadProbe(tid_).WaitUntilBlockedIn(call_);
  }

  int64_t Result() {
    thread_.join();
    return result_;
  }

 private:
  const long call_;
  io_event event_ = {};
  int64_t result_ = 0;
  std::atomic<pid_t> tid_{0};
  std::thread thread_;
};

// While it lives, the process gets no new file descriptors.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit none = {0, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_;
};

class ContextTest : public testing::Test {
 protected:
  int64_t Submit(iocb* block) { return libaio::Submit(&context_, 1, &block); }

  // The result of the next event.
  int64_t Next() {
    io_event event = {};
    const int64_t got =
        context_.GetEvents({1, 1, &event, kNoDeadline, nullptr});
    return got == 1 ? event.res : got;
  }

  Engine engine_{{}};
  Context context_{&engine_, 8};
};

// Such a job may turn out to be a poll, which may never complete.
TEST_F(ContextTest, DrainDoesNotWaitForJobsThatAreNotAdmitted) {
  Job* job = nullptr;
  ASSERT_EQ(context_.NewJob(&job), 0);
  context_.Drain();
  context_.Drop(job);
}

class WaitersTest : public testing::TestWithParam<const sigset_t*> {
 protected:
  Engine engine_{{}};
  Context context_{&engine_, 8};
  Waiter first_{&context_, GetParam()}, second_{&context_, GetParam()};
};

TEST_P(WaitersTest, DestroyWakesAllWaiters) {
  const bool known = first_.WaitUntilBlocked() && second_.WaitUntilBlocked();
  EXPECT_EQ(context_.Destroy(), 0);
  EXPECT_EQ(first_.Result(), -EINVAL);
  EXPECT_EQ(second_.Result(), -EINVAL);
  if (!known) GTEST_SKIP() << "/proc does not tell what a thread is doing";
}

TEST_P(WaitersTest, AllWaitersWithEnoughEventsAreWoken) {
  const bool known = first_.WaitUntilBlocked() && second_.WaitUntilBlocked();
  const Scratch scratch;
  const Fd file = scratch.Open("data", "0123456789");
  char byte;
  iocb read = ReadOf(file, &byte);
  iocb* blocks[] = {&read, &read};
  EXPECT_EQ(Submit(&context_, 2, blocks), 2);
  EXPECT_EQ(first_.Result(), 1);
  EXPECT_EQ(second_.Result(), 1);
  if (!known) GTEST_SKIP() << "/proc does not tell what a thread is doing";
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutAMask, WaitersTest,
                         testing::Values(nullptr, &kAllSignals),
                         [](const auto& info) {
                           return info.param == nullptr ? "Without" : "With";
                         });

class NoDescriptorsTest : public ContextTest {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "a sanitizer's checks take descriptors";
  }

  const Pipe pipe_;
  const Scratch scratch_;
};

TEST_F(NoDescriptorsTest, SubmitOfAPollReturnsEagainAndWorksLater) {
  iocb poll = {};
  poll.aio_lio_opcode = IOCB_CMD_POLL;
  poll.aio_fildes = static_cast<uint32_t>(pipe_.read_end.get());
  poll.aio_buf = POLLIN;
  {
    const NoDescriptors none;
    EXPECT_EQ(Submit(&poll), -EAGAIN);
  }
  EXPECT_EQ(Submit(&poll), 1);
  pipe_.Put("x");
  EXPECT_EQ(Next(), POLLIN);
}

TEST_F(NoDescriptorsTest, SubmitWithAnEventfdReturnsEagainAndWorksLater) {
  const Fd file = scratch_.Open("data", "0123456789");
  const Fd bell(eventfd(0, EFD_CLOEXEC));
  char byte;
  iocb read = ReadOf(file, &byte);
  read.aio_flags = IOCB_FLAG_RESFD;
  read.aio_resfd = static_cast<uint32_t>(bell.get());
  {
    const NoDescriptors none;
    EXPECT_EQ(Submit(&read), -EAGAIN);
  }
  EXPECT_EQ(Submit(&read), 1);
  EXPECT_EQ(Next(), 1);
  eventfd_t rung = 0;
  EXPECT_EQ(eventfd_read(bell.get(), &rung), 0);
  EXPECT_EQ(rung, 1u);
}

TEST_F(NoDescriptorsTest, AReadOfASilentPipeFailsAndWorksLater) {
  char byte;
  iocb read = ReadOf(pipe_.read_end, &byte);
  {
    const NoDescriptors none;
    EXPECT_EQ(Submit(&read), 1);
    io_event event = {};
    const Deadline deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(2);
    EXPECT_EQ(context_.GetEvents({1, 1, &event, deadline, nullptr}), 1)
        << "the read blocks a thread";
    EXPECT_EQ(event.res, -EMFILE);
  }
  EXPECT_EQ(Submit(&read), 1);
  pipe_.Put("xy");
  EXPECT_EQ(Next(), 1);
}

TEST_F(NoDescriptorsTest, GetEventsWithAMaskReturnsEmfile) {
  const NoDescriptors none;
  io_event event;
  EXPECT_EQ(context_.GetEvents({1, 1, &event, kNoDeadline, &kAllSignals}),
            -EMFILE);
}

}  // namespace
}  // namespace libaio
}  // namespace uasio
