#include "workqueue/adaptive_yield.h"

#include <chrono>

#include "gtest/gtest.h"

namespace uasio {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const AdaptiveYield::Clock::time_point kBegin =
    AdaptiveYield::Clock::time_point() + std::chrono::hours(1);

AdaptiveYield::Stay StayOf(AdaptiveYield::Clock::duration time, int turns) {
  AdaptiveYield::Stay stay;
  stay.begin = kBegin;
  stay.time = time;
  stay.turns = turns;
  return stay;
}

// How many waits do not yield before one does; -1: more than 1,000.
int WaitsUntilItYields(AdaptiveYield* yield,
                       AdaptiveYield::Clock::time_point now) {
  for (int i = 0; i < 1000; ++i) {
    if (yield->ShouldYield(now, kNoDeadline)) return i;
  }
  return -1;
}

TEST(AdaptiveYieldTest, YieldsAgainAfterEachQuickSuccess) {
  AdaptiveYield yield;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(yield.ShouldYield(kBegin, kNoDeadline));
    yield.Learn(StayOf(microseconds(5), 10), /*found=*/true, 1);
  }
}

TEST(AdaptiveYieldTest, EachFailureDoublesTheWaitsThatBlockAtOnce) {
  AdaptiveYield yield;
  for (int skips : {1, 3, 7, 15, 31, 63, 64, 64}) {
    yield.Learn(StayOf(microseconds(10), 32), /*found=*/false, 1);
    EXPECT_EQ(WaitsUntilItYields(&yield, kBegin), skips);
  }
  yield.Learn(StayOf(microseconds(1), 1), /*found=*/true, 1);
  EXPECT_EQ(WaitsUntilItYields(&yield, kBegin), 0);
}

TEST(AdaptiveYieldTest, ALateSuccessCountsAsAFailure) {
  AdaptiveYield yield;
  yield.Learn(StayOf(microseconds(10), 17), /*found=*/true, 1);
  EXPECT_EQ(WaitsUntilItYields(&yield, kBegin), 1);
  yield.Learn(StayOf(microseconds(200), 1), /*found=*/true, 1);
  EXPECT_EQ(WaitsUntilItYields(&yield, kBegin), 3);
}

TEST(AdaptiveYieldTest, DoesNotYieldCloseToADeadline) {
  AdaptiveYield yield;
  EXPECT_FALSE(yield.ShouldYield(kBegin, kDontWait));
  EXPECT_FALSE(yield.ShouldYield(kBegin, kBegin));
  EXPECT_FALSE(yield.ShouldYield(kBegin, kBegin + microseconds(199)));
  EXPECT_TRUE(yield.ShouldYield(kBegin, kBegin + microseconds(200)));
}

// Even if it was found: another thread had the processor for so long.
TEST(AdaptiveYieldTest, NoYieldsForAHundredTimesALostTimeSlice) {
  AdaptiveYield yield;
  yield.Learn(StayOf(milliseconds(3), 1), /*found=*/true, 1);
  EXPECT_EQ(WaitsUntilItYields(&yield, kBegin + milliseconds(302)), -1);
  EXPECT_EQ(WaitsUntilItYields(&yield, kBegin + milliseconds(303)), 0);
}

TEST(AdaptiveYieldTest, ThePauseIsDividedByTheNumberOfThreads) {
  AdaptiveYield yield;
  yield.Learn(StayOf(milliseconds(3), 1), /*found=*/false, 10);
  EXPECT_EQ(WaitsUntilItYields(&yield, kBegin + milliseconds(32)), -1);
  EXPECT_EQ(WaitsUntilItYields(&yield, kBegin + milliseconds(33)), 0);
}

TEST(AdaptiveYieldTest, PausesAddUp) {
  AdaptiveYield yield;
  yield.Learn(StayOf(milliseconds(3), 1), /*found=*/false, 1);
  yield.Learn(StayOf(milliseconds(1), 1), /*found=*/false, 1);
  EXPECT_EQ(WaitsUntilItYields(&yield, kBegin + milliseconds(402)), -1);
  EXPECT_GE(WaitsUntilItYields(&yield, kBegin + milliseconds(403)), 0);
}

// As with SIGSTOP.
TEST(AdaptiveYieldTest, AStoppedProcessPausesForTenSecondsAtTheMost) {
  AdaptiveYield yield;
  yield.Learn(StayOf(std::chrono::hours(24), 1), /*found=*/true, 1);
  EXPECT_GE(WaitsUntilItYields(&yield, kBegin + std::chrono::hours(24) +
                                           std::chrono::seconds(10)),
            0);
}

TEST(AdaptiveYieldTest, YieldsUntilTheConditionHolds) {
  int looks = 0;
  const AdaptiveYield::Stay stay =
      AdaptiveYield::YieldUntil([&] { return ++looks == 3; });
  EXPECT_LE(stay.turns, 2);
  EXPECT_EQ(looks, stay.turns + 1);
  EXPECT_EQ(AdaptiveYield::YieldUntil([] { return true; }).turns, 0);
}

TEST(AdaptiveYieldTest, YieldsABoundedNumberOfTimes) {
  const AdaptiveYield::Stay stay =
      AdaptiveYield::YieldUntil([] { return false; });
  EXPECT_GE(stay.turns, 1);
  EXPECT_LE(stay.turns, 32);
}

}  // namespace
}  // namespace uasio
