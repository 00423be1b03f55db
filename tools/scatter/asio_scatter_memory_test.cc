// The memory of asio_scatter does not grow with its data: it is its buffers and
// little more.  A test program of its own, because getrusage(2) only reports
// the maximum of all children.
//
//   bazel test --test_env=UASIO_SCATTERED_MIB=4096
//       //tools/scatter:asio_scatter_memory_test

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "tools/common/program_testing.h"

namespace uasio {
namespace {

constexpr long kBuffersKib = 2 * (64 + 1 + 4) * 256;  // As --help says.
constexpr long kAllowanceKib = 16 << 10;

size_t ScatteredMib() {
  const char* text = std::getenv("UASIO_SCATTERED_MIB");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 128;
}

void WriteLines(const std::string& path, size_t mib) {
  std::ofstream file(path, std::ios::binary);
  for (size_t i = 0; i < mib; ++i) {
    std::string lines = Pattern((1 << 20) - 13 * i % 100);
    for (size_t at = i; at < lines.size(); at += 1 + (at + i) % 200) {
      lines[at] = '\n';
    }
    file << lines;
  }
}

bool AreEqual(const std::string& a, const std::string& b) {
  return std::system(absl::StrCat("cmp ", a, " ", b).c_str()) == 0;
}

TEST(AsioScatterMemoryTest, MemoryDoesNotGrowWithTheData) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer's own memory grows";
  const Scratch scratch;
  WriteLines(scratch.Path("source"), ScatteredMib());
  const Outcome split = RunProgram(
      {"asio_scatter", scratch.Path("source"), scratch.Path("part")});
  EXPECT_EQ(split.exit_code, 0) << split.err;
  const Outcome merged =
      RunProgram({"asio_scatter", "--merge", scratch.Path("part"),
                  scratch.Path("merged")});
  EXPECT_EQ(merged.exit_code, 0) << merged.err;
  rusage usage;
  ASSERT_EQ(getrusage(RUSAGE_CHILDREN, &usage), 0);
  RecordProperty("max_rss_kib", static_cast<int>(usage.ru_maxrss));
  EXPECT_LE(usage.ru_maxrss, kBuffersKib + kAllowanceKib);
  EXPECT_TRUE(AreEqual(scratch.Path("source"), scratch.Path("merged")));
}

}  // namespace
}  // namespace uasio
