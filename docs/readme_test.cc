#include "docs/readme_example.inc"
//
#include <fstream>
#include <string>

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

}  // namespace
