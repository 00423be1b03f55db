// An exception that leaves a handler ends the program, with a message that
// names the exception.

#include <signal.h>

#include <stdexcept>
#include <type_traits>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/requests.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

static_assert(std::is_nothrow_invocable_v<decltype(Request::handler), Request*>,
              "the type of a handler says that it does not throw");

class HandlerExceptionTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(HandlerExceptionTest);

void Throw() { throw std::runtime_error("of the handler"); }

TEST_P(HandlerExceptionTest, ItEndsTheProgramByItsName) {
  EXPECT_EXIT(
      {
        const auto queue = MakeQueue();
        Request* r = Prepare(queue.get(), Op::kNoOp);
        r->handler = [](Request*) noexcept { Throw(); };
        queue->Submit(r);
        (void)queue->WaitUntil(TestDeadline());
      },
      testing::KilledBySignal(SIGABRT),
      "^[^\n]*runtime_error[^\n]*\n[^\n]*of the handler[^\n]*\n$");
}

}  // namespace
}  // namespace uasio
