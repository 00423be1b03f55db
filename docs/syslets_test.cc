// The example of syslets.md, run.

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

extern "C" long read_at(int file, long at, char* bytes, size_t count);

namespace uasio {
namespace {

TEST(SysletsPageTest, TheExampleReadsAtAnOffset) {
  const ScratchFile file("0123456789");
  std::string bytes(4, '?');
  EXPECT_EQ(read_at(file.fd(), 3, bytes.data(), bytes.size()), 4);
  EXPECT_EQ(bytes, "3456");
  EXPECT_EQ(read_at(file.fd(), 8, bytes.data(), bytes.size()), 2);
  EXPECT_EQ(bytes, "8956");
  EXPECT_EQ(read_at(file.fd(), 10, bytes.data(), bytes.size()), 0);
}

// On tmpfs a read cannot be tried without waiting, and goes to a worker.
TEST(SysletsPageTest, TheExampleWaitsForAWorker) {
  const Fd file(memfd_create("file", MFD_CLOEXEC));
  ASSERT_EQ(write(file.get(), "0123456789", 10), 10);
  std::string bytes(4, '?');
  EXPECT_EQ(read_at(file.get(), 3, bytes.data(), bytes.size()), 4);
  EXPECT_EQ(bytes, "3456");
}

TEST(SysletsPageTest, TheExampleTellsWhichOfItsCallsFailed) {
  const ScratchFile file("0123456789");
  char byte;
  EXPECT_EQ(read_at(file.fd(), -1, &byte, 1), -EINVAL);   // The lseek.
  EXPECT_EQ(read_at(file.fd(), 0, nullptr, 1), -EFAULT);  // The read.
  EXPECT_EQ(read_at(-1, 0, &byte, 1), -EBADF);
}

}  // namespace
}  // namespace uasio
