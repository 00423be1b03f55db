#include "docs/readme_example.inc"
//
#include <fstream>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace {

TEST(ReadmeTest, TheExampleCountsTheLinesOfAFile) {
  const std::string path = testing::TempDir() + "/lines";
  std::ofstream file(path);
  const std::string line(99, 'x');
  for (int i = 0; i < 123456; ++i) file << line << '\n';
  file.close();

  const absl::StatusOr<int64_t> lines = CountLines(path);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(*lines, 123456);
}

TEST(ReadmeTest, TheExampleNamesAFileThatIsMissing) {
  const absl::StatusOr<int64_t> lines = CountLines("/no/such/file");
  EXPECT_EQ(lines.status().message(),
            "cannot open /no/such/file: ENOENT (No such file or directory)");
}

TEST(ReadmeTest, TheExampleNumbersTheLinesOfAFile) {
  const std::string from = testing::TempDir() + "/from";
  const std::string to = testing::TempDir() + "/to";
  std::ofstream(from) << "a\nb\n";
  const absl::Status status = NumberLines(from, to);
  ASSERT_TRUE(status.ok()) << status;
  std::ostringstream numbered;
  numbered << std::ifstream(to).rdbuf();
  EXPECT_EQ(numbered.str(), "1 a\n2 b\n");
}

TEST(ReadmeTest, TheExampleTellsOfAFullDisk) {
  const std::string from = testing::TempDir() + "/much";
  std::ofstream file(from);
  for (int i = 0; i < 123456; ++i) file << "a line\n";
  file.close();
  EXPECT_TRUE(absl::IsResourceExhausted(NumberLines(from, "/dev/full")))
      << NumberLines(from, "/dev/full");
}

}  // namespace
