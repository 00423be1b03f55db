#include "asio/syscalls/attempt_heuristic.h"

#include "gtest/gtest.h"

namespace uasio {
namespace {

TEST(AttemptHeuristicTest, AfterFourFailuresOnlyOneInSixteenIsTried) {
  AttemptHeuristic reads;
  int tries = 0;
  for (int i = 0; i < 164; ++i) {
    if (!reads.IsWorthTrying()) continue;
    reads.Learn(false);
    ++tries;
  }
  EXPECT_EQ(tries, 4 + 10);
  while (!reads.IsWorthTrying()) {
  }
  reads.Learn(true);
  EXPECT_TRUE(reads.IsWorthTrying());
}

}  // namespace
}  // namespace uasio
