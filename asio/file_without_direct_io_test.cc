// Files for which statx(2) reports no direct I/O, as on ext4 with data=journal.
// This program replaces statx() by one that reports this for every file.

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "asio/file.h"
#include "asio/syscalls/transfer.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

extern "C" int statx(int fd, const char* path, int flags, unsigned mask,
                     struct statx* info) noexcept {
  const long result = syscall(SYS_statx, fd, path, flags, mask, info);
  info->stx_mask |= STATX_DIOALIGN;
  info->stx_dio_mem_align = info->stx_dio_offset_align = 0;
  return static_cast<int>(result);
}

namespace uasio {
namespace {

void ExpectBuffered(const File& file) {
  EXPECT_EQ(DirectAlignment(file.fd()).offset_bytes, 0u);
  EXPECT_FALSE(file.direct());
  EXPECT_EQ(file.alignment().memory_bytes, 1u);
  EXPECT_EQ(file.alignment().offset_bytes, 1u);
}

TEST(FileWithoutDirectIoTest, OpenLeavesItBufferedAndSaysWhy) {
  const Scratch scratch;
  const auto file = File::Open(scratch.NewFile("data"), O_RDWR | O_DIRECT);
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectBuffered(*file);
  EXPECT_EQ(fcntl(file->fd(), F_GETFL) & O_DIRECT, 0);
  EXPECT_EQ(file->why_buffered(),
            "the file system has no direct I/O for this file");
}

TEST(FileWithoutDirectIoTest, AdoptDoesNotCallItDirect) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data");
  const int fd = open(path.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
  if (fd < 0) GTEST_SKIP() << path << " cannot be opened with O_DIRECT";
  ExpectBuffered(File::Adopt(fd, path));
}

// If it were, the kernel's backends would take its requests, and block in their
// submit.
TEST(FileWithoutDirectIoTest, GetFdTraitsDoesNotCallItDirect) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data");
  const Fd fd(open(path.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC));
  if (fd.get() < 0) GTEST_SKIP() << path << " cannot be opened with O_DIRECT";
  EXPECT_TRUE(GetFdTraits(fd.get()).sized);
  EXPECT_FALSE(GetFdTraits(fd.get()).direct);
}

}  // namespace
}  // namespace uasio
