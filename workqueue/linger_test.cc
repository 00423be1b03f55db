#include "workqueue/linger.h"

#include <chrono>

#include "gtest/gtest.h"

namespace uasio {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const Linger::Clock::time_point kBegin =
    Linger::Clock::time_point() + std::chrono::hours(1);

Linger::Stay StayOf(Linger::Clock::duration time, int turns) {
  Linger::Stay stay;
  stay.begin = kBegin;
  stay.time = time;
  stay.turns = turns;
  return stay;
}

// Of how many waits the first does linger again; -1: none soon.
int WaitsUntilItPays(Linger* linger, Linger::Clock::time_point now) {
  for (int i = 0; i < 1000; ++i) {
    if (linger->Pays(now, kNoDeadline)) return i;
  }
  return -1;
}

TEST(LingerTest, PaysWhileItFindsSoon) {
  Linger linger;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(linger.Pays(kBegin, kNoDeadline));
    linger.Learn(StayOf(microseconds(5), 10), /*found=*/true, 1);
  }
}

TEST(LingerTest, VainStaysArePaidForByTwiceAsManyWaitsEachTime) {
  Linger linger;
  for (int skips : {1, 3, 7, 15, 31, 63, 64, 64}) {
    linger.Learn(StayOf(microseconds(10), 32), /*found=*/false, 1);
    EXPECT_EQ(WaitsUntilItPays(&linger, kBegin), skips);
  }
  linger.Learn(StayOf(microseconds(1), 1), /*found=*/true, 1);
  EXPECT_EQ(WaitsUntilItPays(&linger, kBegin), 0);
}

TEST(LingerTest, WhatIsFoundLateWasNotWorthIt) {
  Linger linger;
  linger.Learn(StayOf(microseconds(10), 17), /*found=*/true, 1);
  EXPECT_EQ(WaitsUntilItPays(&linger, kBegin), 1);
  linger.Learn(StayOf(microseconds(200), 1), /*found=*/true, 1);
  EXPECT_EQ(WaitsUntilItPays(&linger, kBegin), 3);
}

TEST(LingerTest, DoesNotOverstayADeadline) {
  Linger linger;
  EXPECT_FALSE(linger.Pays(kBegin, Deadline::min()));
  EXPECT_FALSE(linger.Pays(kBegin, kBegin));
  EXPECT_FALSE(linger.Pays(kBegin, kBegin + microseconds(199)));
  EXPECT_TRUE(linger.Pays(kBegin, kBegin + microseconds(200)));
}

// Found or not: the processor was somebody else's for so long.
TEST(LingerTest, ALostTimeSliceIsTheHundredthPartOfTheTime) {
  Linger linger;
  linger.Learn(StayOf(milliseconds(3), 1), /*found=*/true, 1);
  EXPECT_EQ(WaitsUntilItPays(&linger, kBegin + milliseconds(302)), -1);
  EXPECT_EQ(WaitsUntilItPays(&linger, kBegin + milliseconds(303)), 0);
}

TEST(LingerTest, ManyThreadsLoseLessByTheSliceOfOne) {
  Linger linger;
  linger.Learn(StayOf(milliseconds(3), 1), /*found=*/false, 10);
  EXPECT_EQ(WaitsUntilItPays(&linger, kBegin + milliseconds(32)), -1);
  EXPECT_EQ(WaitsUntilItPays(&linger, kBegin + milliseconds(33)), 0);
}

TEST(LingerTest, EachLostTimeSliceCounts) {
  Linger linger;
  linger.Learn(StayOf(milliseconds(3), 1), /*found=*/false, 1);
  linger.Learn(StayOf(milliseconds(1), 1), /*found=*/false, 1);
  EXPECT_EQ(WaitsUntilItPays(&linger, kBegin + milliseconds(402)), -1);
  EXPECT_GE(WaitsUntilItPays(&linger, kBegin + milliseconds(403)), 0);
}

// As with SIGSTOP.
TEST(LingerTest, WhoWasStoppedLostNoTimeSlice) {
  Linger linger;
  linger.Learn(StayOf(std::chrono::hours(24), 1), /*found=*/true, 1);
  EXPECT_GE(WaitsUntilItPays(&linger, kBegin + std::chrono::hours(24) +
                                          std::chrono::seconds(10)),
            0);
}

TEST(LingerTest, GivesWayUntilItIsThere) {
  int looks = 0;
  const Linger::Stay stay = Linger::GiveWay([&] { return ++looks == 3; });
  EXPECT_LE(stay.turns, 2);
  EXPECT_EQ(looks, stay.turns + 1);
  EXPECT_EQ(Linger::GiveWay([] { return true; }).turns, 0);
}

TEST(LingerTest, DoesNotGiveWayForever) {
  const Linger::Stay stay = Linger::GiveWay([] { return false; });
  EXPECT_GE(stay.turns, 1);
  EXPECT_LE(stay.turns, 32);
}

}  // namespace
}  // namespace uasio
