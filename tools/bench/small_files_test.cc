#include "tools/bench/small_files.h"

#include <filesystem>
#include <string>

#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio::bench {
namespace {

TEST(SmallFilesTest, EveryWayReadsAllFilesWhichAreThenRemoved) {
  const Scratch scratch;
  {
    const absl::StatusOr<SmallFiles> files =
        SmallFiles::Create(scratch.Path("."), 600, 5000);
    ASSERT_TRUE(files.ok()) << files.status();
    EXPECT_EQ(files->ReadInTurn(), absl::OkStatus());
    EXPECT_EQ(files->ReadByThreads(4), absl::OkStatus());
    EXPECT_EQ(files->ReadBySyslets(8, 3), absl::OkStatus());
    Histogram in_turn, by_threads, by_syslets;
    EXPECT_EQ(files->ReadInTurn(&in_turn), absl::OkStatus());
    EXPECT_EQ(files->ReadByThreads(4, &by_threads), absl::OkStatus());
    EXPECT_EQ(files->ReadBySyslets(8, 3, &by_syslets), absl::OkStatus());
    for (const Histogram* latency : {&in_turn, &by_threads, &by_syslets}) {
      EXPECT_EQ(latency->total(), 600u);
      EXPECT_GT(latency->Percentile(0.5), 0);
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.Path(".")));
}

TEST(SmallFilesTest, TheErrorNamesTheFileThatCannotBeRead) {
  const Scratch scratch;
  const absl::StatusOr<SmallFiles> files =
      SmallFiles::Create(scratch.Path("."), 10, 5000);
  ASSERT_TRUE(files.ok()) << files.status();
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(scratch.Path("."))) {
    if (entry.path().filename() != "7" || !entry.is_regular_file()) continue;
    std::filesystem::resize_file(entry.path(), 100);
  }
  for (const absl::Status& status :
       {files->ReadInTurn(), files->ReadByThreads(4),
        files->ReadBySyslets(8, 3)}) {
    EXPECT_NE(status.message().find("/0/7: only 100 bytes"), std::string::npos)
        << status;
  }
}

}  // namespace
}  // namespace uasio::bench
