#include "asio/temporary.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

bool lacks_tmpfile = false;  // open(2) does not know O_TMPFILE.
bool replaces_name = false;  // mkostemp(3) returns after another file has
                             // taken the name of the new one.

}  // namespace
}  // namespace uasio

extern "C" int open(const char* path, int flags, ...) {
  if (uasio::lacks_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
    errno = EOPNOTSUPP;
    return -1;
  }
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0
                          ? static_cast<mode_t>(va_arg(rest, int))
                          : 0;
  va_end(rest);
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

extern "C" int mkostemp(char* path, int flags) {
  const int fd = mkstemp(path);
  fcntl(fd, F_SETFD, (flags & O_CLOEXEC) != 0 ? FD_CLOEXEC : 0);
  if (!uasio::replaces_name) return fd;
  unlink(path);
  std::ofstream(path) << "another file";
  return fd;
}

namespace uasio {
namespace {

TEST(TemporaryTest, CanBeWrittenAndReadAndHasNoName) {
  const Scratch scratch;
  const auto file = OpenTemporary(scratch.Path(""), File::Mode::kBuffered);
  ASSERT_TRUE(file.ok()) << file.status();
  struct stat info;
  ASSERT_EQ(fstat(file->fd(), &info), 0);
  EXPECT_EQ(info.st_nlink, 0u);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.Path("")));
  char read_back[4] = {};
  EXPECT_EQ(pwrite(file->fd(), "abc", 3, 0), 3);
  EXPECT_EQ(pread(file->fd(), read_back, sizeof(read_back), 0), 3);
  EXPECT_STREQ(read_back, "abc");
}

TEST(TemporaryTest, WithoutOTmpfileItHasNoNameEither) {
  lacks_tmpfile = true;
  const Scratch scratch;
  for (const auto mode : {File::Mode::kBuffered, File::Mode::kDirect}) {
    const auto file = OpenTemporary(scratch.Path(""), mode);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(std::filesystem::is_empty(scratch.Path("")));
    EXPECT_EQ(*file->Size(), 0);
    EXPECT_EQ(file->direct(), (fcntl(file->fd(), F_GETFL) & O_DIRECT) != 0);
    EXPECT_EQ(file->why_buffered().empty(),
              file->direct() || mode == File::Mode::kBuffered);
  }
  lacks_tmpfile = false;
}

TEST(TemporaryTest, AFileThatTakesItsNameIsNotOpened) {
  lacks_tmpfile = replaces_name = true;
  const Scratch scratch;
  const auto file = OpenTemporary(scratch.Path(""), File::Mode::kBuffered);
  lacks_tmpfile = replaces_name = false;
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*file->Size(), 0);
}

TEST(TemporaryTest, TheErrorNamesAMissingFolder) {
  EXPECT_EQ(OpenTemporary("/no/such").status().message(),
            "cannot make a temporary file in /no/such: ENOENT (No such file or "
            "directory)");
}

// /proc has neither O_TMPFILE nor files that a program may create.
TEST(TemporaryTest, TheErrorNamesAFolderWhereNoFileCanBeCreated) {
  const absl::Status status = OpenTemporary("/proc").status();
  EXPECT_EQ(status.message().find("cannot make a temporary file in /proc: "),
            0u)
      << status;
}

}  // namespace
}  // namespace uasio
