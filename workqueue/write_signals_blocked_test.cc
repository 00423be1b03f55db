#include "workqueue/write_signals_blocked.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace uasio {
namespace {

volatile sig_atomic_t calls = 0;

// SIGPIPE counts in `calls`, and its mask is restored at the end.
class WriteSignalsBlockedTest : public testing::Test {
 protected:
  void SetUp() override {
    calls = 0;
    handler_before_ = signal(SIGPIPE, [](int) { calls = calls + 1; });
    pthread_sigmask(SIG_SETMASK, nullptr, &mask_before_);
    int fds[2];
    ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
    close(fds[0]);
    broken_ = fds[1];
  }
  void TearDown() override {
    close(broken_);
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
    signal(SIGPIPE, handler_before_);
  }

  void ExpectEpipe() const {
    EXPECT_EQ(write(broken_, "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
  }

  static bool IsBlocked(int number) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return sigismember(&mask, number) == 1;
  }

  static void BlockSigpipe() {
    sigset_t sigpipe;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, nullptr);
  }

 private:
  int broken_ = -1;
  sigset_t mask_before_;
  void (*handler_before_)(int) = nullptr;
};

TEST_F(WriteSignalsBlockedTest, TheProgramSeesNoSignalOfAFailedWrite) {
  {
    const WriteSignalsBlocked blocked;
    ExpectEpipe();
    EXPECT_TRUE(IsBlocked(SIGXFSZ));
    errno = EPIPE;
  }
  EXPECT_EQ(errno, EPIPE);
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(IsBlocked(SIGPIPE));
  EXPECT_FALSE(IsBlocked(SIGXFSZ));
  ExpectEpipe();
  EXPECT_EQ(calls, 1);  // The program's own write.
}

TEST_F(WriteSignalsBlockedTest, OtherSignalsAreNotBlocked) {
  const WriteSignalsBlocked blocked;
  EXPECT_FALSE(IsBlocked(SIGTERM));
  EXPECT_FALSE(IsBlocked(SIGINT));
}

TEST_F(WriteSignalsBlockedTest, WhatWasPendingAndBlockedBeforeStaysSo) {
  BlockSigpipe();
  ExpectEpipe();
  {
    const WriteSignalsBlocked blocked;
    ExpectEpipe();
  }
  EXPECT_TRUE(IsBlocked(SIGPIPE));
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 1);
}

TEST_F(WriteSignalsBlockedTest, WithoutWritesItDoesNothing) {
  const WriteSignalsBlocked blocked(/*writes=*/false);
  EXPECT_FALSE(IsBlocked(SIGPIPE));
}

}  // namespace
}  // namespace uasio
