// The contract: deadlines are kept when the clock of the system is set.
//
// This program's clock_gettime(2) tells a wall clock that the test sets.

#include "absl/time/clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "absl/time/time.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"

namespace {

std::atomic<time_t> seconds_ahead{0};  // How far the wall clock has been set.

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += seconds_ahead;
  return static_cast<int>(result);
}

namespace uasio {
namespace {

constexpr time_t kSetBack = 3600;
constexpr auto kWait = std::chrono::milliseconds(50);
constexpr auto kAtMost = std::chrono::seconds(20);  // Less than the hour.

class ClockTest : public BackendTest {
 protected:
  void SetUp() override {
    UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
    const absl::Time before = absl::Now();
    seconds_ahead = kSetBack;
    ASSERT_GT(absl::Now() - before, absl::Minutes(30))
        << "absl::Now() does not ask this program's clock_gettime(2)";
  }
  void TearDown() override { seconds_ahead = 0; }

  // Sets the clock back once this thread waits in wait(); returns how long that
  // took.
  template <typename Wait>
  std::chrono::steady_clock::duration SetBackDuring(Wait wait) {
    const pid_t waiter = ThreadId();
    std::thread setter([&] {
      UntilAsleep(waiter);
      seconds_ahead = 0;
    });
    const auto begin = std::chrono::steady_clock::now();
    wait();
    const auto took = std::chrono::steady_clock::now() - begin;
    setter.join();
    return took;
  }
};
UASIO_INSTANTIATE_BACKENDS(ClockTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(ClockTest);

TEST_P(ClockTest, AWaitEndsInTimeWhenTheClockIsSetBack) {
  const Pipe pipe;
  const auto queue = MakeQueue();
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  EXPECT_LT(SetBackDuring([&] {
              const absl::Time deadline = absl::Now() + absl::FromChrono(kWait);
              EXPECT_EQ(queue->WaitUntil(deadline), nullptr);
            }),
            kAtMost);
  pipe.Put("x");
  EXPECT_EQ(queue->Wait(), r);
}

TEST_P(ClockTest, HandlersEndInTimeWhenTheClockIsSetBack) {
  const Pipe pipe;
  const auto queue = MakeQueue();
  Request* r =
      Prepare(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  r->handler = [](Request*) noexcept {};
  queue->Submit(r);
  EXPECT_LT(SetBackDuring([&] {
              const absl::Time deadline = absl::Now() + absl::FromChrono(kWait);
              EXPECT_FALSE(queue->RunHandlers(deadline));
            }),
            kAtMost);
  pipe.Put("x");
  EXPECT_TRUE(queue->RunHandlers());
  queue->Put(r);
}

}  // namespace
}  // namespace uasio
