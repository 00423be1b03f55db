#include "tools/bench/beside.h"

#include <signal.h>
#include <time.h>

#include <cerrno>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace uasio::bench {
namespace {

// More than a fork takes.
constexpr absl::Duration kSome = absl::Milliseconds(50);

absl::Duration CpuTime(clockid_t clock) {
  timespec time = {};
  return clock_gettime(clock, &time) == 0 ? absl::DurationFromTimespec(time)
                                          : absl::ZeroDuration();
}

TEST(BesideTest, ItsProcessesComputeAndEndWithIt) {
  std::vector<pid_t> processes;
  {
    Beside beside;
    ASSERT_EQ(beside.Start(2), absl::OkStatus());
    processes = beside.processes();
    ASSERT_EQ(processes.size(), 2u);
    for (const pid_t process : processes) {
      clockid_t clock;
      ASSERT_EQ(clock_getcpuclockid(process, &clock), 0);
      const absl::Time deadline = absl::Now() + absl::Seconds(30);
      while (CpuTime(clock) < kSome && absl::Now() < deadline) {
        absl::SleepFor(absl::Milliseconds(10));
      }
      EXPECT_GE(CpuTime(clock), kSome);
    }
  }
  for (const pid_t process : processes) {
    EXPECT_EQ(kill(process, 0), -1);
    EXPECT_EQ(errno, ESRCH);
  }
}

TEST(BesideTest, NoneIsStartedForZero) {
  Beside beside;
  EXPECT_EQ(beside.Start(0), absl::OkStatus());
  EXPECT_TRUE(beside.processes().empty());
}

}  // namespace
}  // namespace uasio::bench
