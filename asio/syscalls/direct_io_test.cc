// What is made of the kernel's answers about direct I/O: this program has a
// statx() that tells nothing, and an fstatfs() that answers as a test wants.

#include "asio/syscalls/direct_io.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "asio/syscalls/transfer.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace {
long magic = 0;  // 0: fstatfs() fails.
}

extern "C" int statx(int fd, const char* path, int flags, unsigned mask,
                     struct statx* info) noexcept {
  mask &= ~unsigned{STATX_DIOALIGN};
  return static_cast<int>(syscall(SYS_statx, fd, path, flags, mask, info));
}

extern "C" int fstatfs(int, struct statfs* info) noexcept {
  *info = {};
  info->f_type = magic;
  errno = ENOSYS;
  return magic == 0 ? -1 : 0;
}

namespace uasio {
namespace {

class DirectIoTest : public testing::Test {
 protected:
  void SetUp() override {
    if (fd_.get() < 0) GTEST_SKIP() << "no O_DIRECT in " << scratch_.Path("");
  }

  const Scratch scratch_;
  const Fd fd_{
      open(scratch_.NewFile("data").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC)};
};

TEST_F(DirectIoTest, WhereNothingIsToldTheFileSystemDecides) {
  constexpr long kNfs = NFS_SUPER_MAGIC;
  const struct {
    long magic;
    bool direct, async;
  } cases[] = {{EXT4_SUPER_MAGIC, true, true},
               {BTRFS_SUPER_MAGIC, true, true},
               {0x58465342 /* XFS */, true, true},
               {TMPFS_MAGIC, true, true},
               {kNfs, true, false},
               {FUSE_SUPER_MAGIC, false, false},
               {0, false, false}};
  for (const auto& c : cases) {
    magic = c.magic;
    const FdTraits traits = GetFdTraits(fd_.get());
    EXPECT_EQ(traits.direct, c.direct) << std::hex << c.magic;
    EXPECT_EQ(traits.async, c.async) << std::hex << c.magic;
    const DirectIo io = GetDirectIo(fd_.get());
    EXPECT_FALSE(io.reported);
    EXPECT_EQ(io.offset_bytes, c.direct ? 4096u : 0u);
    EXPECT_EQ(io.memory_bytes, io.offset_bytes);
  }
}

}  // namespace
}  // namespace uasio
