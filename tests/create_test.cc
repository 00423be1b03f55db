// The contract: "Failure of the means": a backend works, or Create() fails.

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using ::testing::HasSubstr;

class CreateTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(CreateTest);

TEST_P(CreateTest, TheQueueHasTheBackendThatItWasGiven) {
  std::unique_ptr<Backend> backend = GetParam().make();
  const std::string name =
      backend == nullptr ? "worker" : std::string(backend->name());
  auto queue = Queue::Create({}, std::move(backend));
  ASSERT_TRUE(queue.ok()) << queue.status();
  EXPECT_EQ((*queue)->backend_name(), name);
  EXPECT_EQ(Finish(queue->get(), Submit(queue->get(), Op::kNoOp)), 0);
}

// The workers need no eventfd until somebody asks for it.
TEST_P(CreateTest, WithoutAnFdForTheEventfdABackendIsNotReplacedButRefused) {
  std::unique_ptr<Backend> backend = GetParam().make();
  const bool workers = backend == nullptr;
  absl::Status status;
  {
    const FdLimit none(0);
    status = Queue::Create({}, std::move(backend)).status();
  }
  EXPECT_EQ(status.ok(), workers) << status;
  if (workers) return;
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("cannot create the queue's eventfd: EMFILE"));
}

}  // namespace
}  // namespace uasio
