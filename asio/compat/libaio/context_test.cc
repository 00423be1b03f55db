// What of a Context depends on what another thread is just doing, or on what
// the process has left.

#include "asio/compat/libaio/context.h"

#include "asio/compat/libaio/engine.h"
#include "gtest/gtest.h"

namespace uasio {
namespace libaio {
namespace {

class ContextTest : public testing::Test {
 protected:
  Engine engine_{{}};
  Context context_{&engine_, 8};
};

// Nobody knows yet what it is, and it may come to wait for ever.
TEST_F(ContextTest, DrainDoesNotWaitForWhatIsNotAdmitted) {
  Job* job = nullptr;
  ASSERT_EQ(context_.NewJob(&job), 0);
  context_.Drain();
  context_.Drop(job);
}

}  // namespace
}  // namespace libaio
}  // namespace uasio
