#include "docs/ucw_example.inc"
//
#include <errno.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

extern "C" int copy_in_order(int from, int to);

namespace uasio {
namespace {

// Of `bytes` bytes, no block of it like another.
std::string Text(size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += std::to_string(text.size()) + " ";
  return text.substr(0, bytes);
}

TEST(UcwPageTest, BothExamplesCopyFilesOfAnySize) {
  for (const size_t bytes : {0, 1, 65535, 65536, 65537, 10 * 65536, 999999}) {
    const ScratchFile from(Text(bytes)), in_order, in_parallel;
    lseek(from.fd(), 0, SEEK_SET);
    EXPECT_EQ(copy_in_order(from.fd(), in_order.fd()), 0);
    EXPECT_EQ(in_order.Contents(), Text(bytes));
    EXPECT_TRUE(CopyInParallel(from.fd(), in_parallel.fd()).ok());
    EXPECT_EQ(in_parallel.Contents(), Text(bytes));
  }
}

TEST(UcwPageTest, BothExamplesTellWhyTheyCannotRead) {
  const ScratchFile to;
  EXPECT_EQ(copy_in_order(-1, to.fd()), -1);
  EXPECT_EQ(errno, EBADF);
  EXPECT_EQ(CopyInParallel(-1, to.fd()).code(), absl::ErrnoToStatusCode(EBADF));
}

}  // namespace
}  // namespace uasio
