// ProbePath() on a disk with sectors of 16 KiB.

#include <string>

#include "asio/testing/large_sectors.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/probe/probe.h"

namespace uasio {
namespace {

using testing::HasSubstr;
using testing::Not;

// A transfer of parts of sectors would give EINVAL.
TEST(ProbeLargeSectorsTest, TheReportTellsTheSectorAndWhatWorksOnIt) {
  const Scratch scratch;
  const auto report = ProbePath(scratch.Path(""));
  ASSERT_TRUE(report.ok()) << report.status();
  if (!report->direct.ok()) GTEST_SKIP() << report->direct;
  EXPECT_EQ(report->alignment.offset_bytes, kLargeSector);
  EXPECT_EQ(report->alignment.memory_bytes, 512u);
  for (const auto* findings : {&report->nowait, &report->backends}) {
    EXPECT_FALSE(findings->empty());
    for (const Finding& finding : *findings) {
      EXPECT_THAT(std::string(finding.status.message()),
                  Not(HasSubstr("EINVAL")))
          << finding.name;
    }
  }
}

TEST(ProbeLargeSectorsTest, TheWorkersReadAndWriteThere) {
  const Scratch scratch;
  const auto report = ProbePath(scratch.Path(""));
  ASSERT_TRUE(report.ok()) << report.status();
  size_t found = 0;
  for (const Finding& finding : report->backends) {
    if (finding.name != "worker" && finding.name != "sync") continue;
    ++found;
    EXPECT_TRUE(finding.status.ok()) << finding.status;
  }
  EXPECT_EQ(found, 2u);
}

}  // namespace
}  // namespace uasio
