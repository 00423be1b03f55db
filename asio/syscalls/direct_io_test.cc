// What is made of the kernel's answers about direct I/O: this program has a
// statx() and an fstatfs() that answer as a test wants.

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

#include "asio/syscalls/perform.h"
#include "asio/syscalls/transfer.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "asio/testing/transfer.h"
#include "gtest/gtest.h"

namespace {

long magic = 0;       // 0: fstatfs() fails.
bool told = false;    // Whether statx() tells of direct I/O.
unsigned device = 0;  // The number of the file system's device.
bool has_device = true;
bool refused = false;  // statx() fails.
int times_asked = 0;

}  // namespace

extern "C" int statx(int fd, const char* path, int flags, unsigned mask,
                     struct statx* info) noexcept {
  if (refused) return errno = ENOSYS, -1;
  const long result = syscall(SYS_statx, fd, path, flags, mask, info);
  constexpr unsigned kMountId = 0x1000, kMountIdUnique = 0x4000;
  info->stx_mask &= ~(STATX_DIOALIGN | kMountId | kMountIdUnique);
  info->stx_dev_major = has_device ? 1000 : 0;
  info->stx_dev_minor = device;
  if (told) info->stx_mask |= STATX_DIOALIGN;
  info->stx_dio_mem_align = info->stx_dio_offset_align = told ? 512 : 0;
  return static_cast<int>(result);
}

extern "C" int fstatfs(int, struct statfs* info) noexcept {
  ++times_asked;
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
    told = false;
    has_device = true;
    times_asked = 0;
    ++device;
    if (fd_.get() < 0) GTEST_SKIP() << "no O_DIRECT in " << scratch_.Path("");
  }

  const Scratch scratch_;
  const Fd fd_{
      open(scratch_.NewFile("data").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC)};
};

TEST_F(DirectIoTest, WithoutStatxFstatTellsWhatMayBeDirect) {
  const Pipe pipe;
  magic = EXT4_SUPER_MAGIC;
  refused = true;
  const DirectIo file = GetDirectIo(fd_.get());
  const DirectIo end = GetDirectIo(pipe.read_end.get());
  refused = false;
  EXPECT_TRUE(file.may_be_direct && file.works);
  EXPECT_FALSE(end.may_be_direct);
  EXPECT_EQ(times_asked, 1);  // Nobody asks about a pipe.
}

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
               {FUSE_SUPER_MAGIC, false, false}};
  for (const auto& c : cases) {
    magic = c.magic;
    ++device;
    GetDirectIo(fd_.get());  // Asks the file system.
    const FdTraits traits = GetFdTraits(fd_.get());
    EXPECT_EQ(traits.direct, c.direct) << std::hex << c.magic;
    EXPECT_EQ(traits.async, c.async) << std::hex << c.magic;
    const DirectIo io = GetDirectIo(fd_.get());
    EXPECT_FALSE(io.reported);
    EXPECT_EQ(io.offset_bytes, c.direct ? 4096u : 0u);
    EXPECT_EQ(io.memory_bytes, io.offset_bytes);
  }
}

// NFS may tell of direct I/O, and does not know RWF_NOWAIT.
TEST_F(DirectIoTest, WhatIsToldDoesNotSayThatTheKernelsBackendsCanTakeIt) {
  told = true;
  const struct {
    long magic;
    bool async;
  } cases[] = {{EXT4_SUPER_MAGIC, true}, {NFS_SUPER_MAGIC, false}, {0, false}};
  for (const auto& c : cases) {
    magic = c.magic;
    ++device;
    const DirectIo io = GetDirectIo(fd_.get());
    EXPECT_TRUE(io.reported && io.works);
    EXPECT_EQ(io.offset_bytes, 512u);
    EXPECT_EQ(io.async, c.async) << std::hex << c.magic;
    EXPECT_TRUE(GetFdTraits(fd_.get()).direct);
    EXPECT_EQ(GetFdTraits(fd_.get()).async, c.async) << std::hex << c.magic;
  }
}

TEST_F(DirectIoTest, TraitsAreUndecidedUntilSomebodyAsksTheFileSystem) {
  magic = EXT4_SUPER_MAGIC;
  EXPECT_TRUE(GetFdTraits(fd_.get()).undecided);
  EXPECT_TRUE(GetFdTraits(fd_.get()).direct);
  EXPECT_FALSE(GetFdTraits(fd_.get()).async);
  EXPECT_EQ(times_asked, 0);
  EXPECT_TRUE(GetDirectIo(fd_.get()).async);
  EXPECT_TRUE(GetDirectIo(fd_.get()).async);
  EXPECT_FALSE(GetFdTraits(fd_.get()).undecided);
  EXPECT_TRUE(GetFdTraits(fd_.get()).async);
  EXPECT_EQ(times_asked, 1);
}

TEST_F(DirectIoTest, PerformAsksTheFileSystem) {
  magic = FUSE_SUPER_MAGIC;
  Transfer sync = NewTransfer(Op::kFsync, fd_.get(), 0, nullptr, 0);
  EXPECT_TRUE(sync.traits.undecided && sync.traits.may_wait);
  EXPECT_EQ(Perform(&sync), 0);
  EXPECT_FALSE(sync.traits.undecided || sync.traits.direct);
  EXPECT_TRUE(sync.traits.may_wait);
}

// Such a number may be that of another file system after an unmount.
TEST_F(DirectIoTest, NothingIsRememberedByANumberWithoutADevice) {
  has_device = false;
  magic = TMPFS_MAGIC;
  EXPECT_TRUE(GetDirectIo(fd_.get()).works);
  magic = FUSE_SUPER_MAGIC;
  EXPECT_FALSE(GetDirectIo(fd_.get()).works);
  EXPECT_TRUE(GetFdTraits(fd_.get()).undecided);
}

TEST_F(DirectIoTest, AFailedAnswerIsNotRemembered) {
  magic = 0;
  EXPECT_FALSE(GetDirectIo(fd_.get()).works);
  magic = EXT4_SUPER_MAGIC;
  EXPECT_TRUE(GetDirectIo(fd_.get()).works);
}

}  // namespace
}  // namespace uasio
