#include "workqueue/deadline.h"

#include <chrono>

#include "asio/testing/fd.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

TEST(DeadlineTest, NoDeadlineNeverPasses) {
  EXPECT_FALSE(HasPassed(kNoDeadline));
  EXPECT_FALSE(HasPassed(steady_clock::now() + seconds(1000)));
}

TEST(DeadlineTest, APointOfThePastHasPassed) {
  EXPECT_TRUE(HasPassed(kDontWait));
  EXPECT_TRUE(HasPassed(steady_clock::now()));
}

TEST(DeadlineTest, ToTimespecSplitsSecondsAndNanoseconds) {
  const timespec time = ToTimespec(Deadline(seconds(3) + nanoseconds(7)));
  EXPECT_EQ(time.tv_sec, 3);
  EXPECT_EQ(time.tv_nsec, 7);
  EXPECT_EQ(ToTimespec(kDontWait).tv_sec, 0);
}

TEST(DeadlineTest, TimeLeftIsNullForNoDeadline) {
  timespec storage;
  EXPECT_EQ(TimeLeft(kNoDeadline, &storage), nullptr);
}

TEST(DeadlineTest, NoTimeIsLeftOfThePast) {
  timespec storage = {1, 1};
  ASSERT_EQ(TimeLeft(kDontWait, &storage), &storage);
  EXPECT_EQ(storage.tv_sec, 0);
  EXPECT_EQ(storage.tv_nsec, 0);
}

TEST(DeadlineTest, TimeLeftIsTheDifference) {
  timespec storage;
  static_cast<void>(TimeLeft(steady_clock::now() + seconds(1000), &storage));
  EXPECT_GE(storage.tv_sec, 900);
  EXPECT_LE(storage.tv_sec, 1000);
}

TEST(DeadlineTest, PollInWaitsNoLongerThanUntilTheDeadline) {
  const Pipe pipe;
  const Deadline deadline = steady_clock::now() + std::chrono::milliseconds(2);
  EXPECT_FALSE(PollIn(pipe.read_end.get(), deadline));
  EXPECT_TRUE(HasPassed(deadline));
  pipe.Put("x");
  EXPECT_TRUE(PollIn(pipe.read_end.get(), kNoDeadline));
}

}  // namespace
}  // namespace uasio
