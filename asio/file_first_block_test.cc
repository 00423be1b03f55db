// When File::Open() reads the first block of a file.  This program replaces
// statx() by one that can hide the alignment, as Linux 6.0 does, and pread() by
// one that counts the calls and can refuse direct reads.

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "absl/strings/match.h"
#include "asio/file.h"
#include "asio/syscalls/direct_io.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace {

bool hide_alignment = false;
bool refuse_reads = false;
int reads = 0;

}  // namespace

extern "C" int statx(int fd, const char* path, int flags, unsigned mask,
                     struct statx* info) noexcept {
  const long result = syscall(SYS_statx, fd, path, flags, mask, info);
  if (hide_alignment) info->stx_mask &= ~unsigned{STATX_DIOALIGN};
  return static_cast<int>(result);
}

extern "C" ssize_t pread(int fd, void* buffer, size_t length, off_t offset) {
  ++reads;
  if (refuse_reads) return errno = EINVAL, -1;
  return syscall(SYS_pread64, fd, buffer, length, offset);
}

namespace uasio {
namespace {

class FileFirstBlockTest : public testing::Test {
 protected:
  FileFirstBlockTest() {
    hide_alignment = refuse_reads = false;
    reads = 0;
  }

  absl::StatusOr<File> Open() { return File::Open(path_, O_RDONLY); }

  const Scratch scratch_;
  const std::string path_ = scratch_.NewFile("data", Pattern(8192));
};

TEST_F(FileFirstBlockTest, IsNotReadWhereStatxReportsTheAlignment) {
  const absl::StatusOr<File> file = Open();
  ASSERT_TRUE(file.ok()) << file.status();
  const DirectIo io = GetDirectIo(file->fd());
  if (!io.reported) GTEST_SKIP() << path_ << ": statx reports no alignment";
  EXPECT_EQ(file->direct(), io.works);
  EXPECT_EQ(reads, 0);
}

TEST_F(FileFirstBlockTest, IsReadWhereStatxReportsNoAlignment) {
  hide_alignment = true;
  const absl::StatusOr<File> file = Open();
  ASSERT_TRUE(file.ok()) << file.status();
  if (!file->direct()) GTEST_SKIP() << path_ << ": " << file->why_buffered();
  EXPECT_EQ(reads, 1);
}

TEST_F(FileFirstBlockTest, IsAReasonToBeBufferedIfItCannotBeRead) {
  hide_alignment = refuse_reads = true;
  const absl::StatusOr<File> file = Open();
  ASSERT_TRUE(file.ok()) << file.status();
  if (reads == 0) GTEST_SKIP() << path_ << ": " << file->why_buffered();
  EXPECT_FALSE(file->direct());
  EXPECT_EQ(fcntl(file->fd(), F_GETFL) & O_DIRECT, 0);
  EXPECT_TRUE(absl::StrContains(file->why_buffered(), "a direct read fails"))
      << file->why_buffered();
}

}  // namespace
}  // namespace uasio
