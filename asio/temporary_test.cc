#include "asio/temporary.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/status/status.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

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
