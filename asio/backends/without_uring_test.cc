// The backends of a build without liburing.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "asio/backends/table.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

TEST(WithoutUringTest, TheStatusNamesLiburing) {
  const absl::Status status = NewBackend("uring", 8).status();
  EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
  EXPECT_NE(status.message().find("liburing"), std::string::npos) << status;
}

TEST(WithoutUringTest, AutoPassesUringOver) {
  const BackendChoice choice = NewAutoBackend(8);
  EXPECT_NE(choice.name, "uring");
  ASSERT_FALSE(choice.passed_over.empty());
  EXPECT_EQ(choice.passed_over[0].name, "uring");
  EXPECT_TRUE(absl::IsUnimplemented(choice.passed_over[0].status))
      << choice.passed_over[0].status;
}

}  // namespace
}  // namespace uasio
