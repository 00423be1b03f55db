#include "workqueue/check.h"

#include <signal.h>

#include "gtest/gtest.h"

namespace uasio {
namespace {

class CheckDeathTest : public testing::Test {
 protected:
  CheckDeathTest() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST(CheckTest, AConditionThatHoldsIsEvaluatedOnceAndPasses) {
  int evaluated = 0;
  UASIO_CHECK(++evaluated == 1, "Test: evaluated once");
  EXPECT_EQ(evaluated, 1);
}

TEST(CheckTest, APointerIsACondition) {
  const int target = 0;
  const int* pointer = &target;
  UASIO_CHECK(pointer, "Test: the pointer is null");
}

TEST(CheckTest, IsAnExpression) {
  const bool holds = true;
  holds ? UASIO_CHECK(holds, "Test: first") : UASIO_CHECK(!holds, "second");
}

TEST_F(CheckDeathTest, ABrokenRuleAbortsWithTheRuleTheConditionAndThePlace) {
  const int apples = 2;
  EXPECT_EXIT(UASIO_CHECK(apples == 3, "Buy: bring three apples"),
              testing::KilledBySignal(SIGABRT),
              "^uasio: Buy: bring three apples "
              "\\[apples == 3 is false at .*check_test\\.cc:[0-9]+\\]\n");
}

TEST_F(CheckDeathTest, ANullPointerBreaksItsRule) {
  const int* pointer = nullptr;
  EXPECT_DEATH(UASIO_CHECK(pointer, "Test: the pointer is null"),
               "uasio: Test: the pointer is null \\[pointer is false");
}

}  // namespace
}  // namespace uasio
