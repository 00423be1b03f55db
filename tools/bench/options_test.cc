#include "tools/bench/options.h"

#include <map>
#include <string>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tools/bench/presets.h"

namespace uasio::bench {
namespace {

using Flags = std::map<std::string, std::string>;

absl::StatusOr<Options> Parse(const Flags& flags) {
  absl::FlagSaver saver;
  for (const auto& [name, value] : flags) {
    std::string error;
    EXPECT_TRUE(absl::FindCommandLineFlag(name)->ParseFrom(value, &error))
        << name << ": " << error;
  }
  return OptionsFromFlags();
}

TEST(OptionsTest, ParsesAFullCommandLine) {
  const auto options = Parse({{"workload", "randread"},
                              {"engines", "worker,io_submit"},
                              {"block", "4k"},
                              {"depth", "32"},
                              {"direct", "true"},
                              {"cache", "cold"},
                              {"file", "/data"},
                              {"size", "2g"},
                              {"seconds", "2"},
                              {"rounds", "7"},
                              {"csv", "out.csv"}});
  ASSERT_TRUE(options.ok()) << options.status();
  const Plan& plan = options->plan;
  EXPECT_EQ(plan.workloads, std::vector<Workload>{Workload::kRandRead});
  EXPECT_EQ(plan.engines.size(), 2u);
  EXPECT_EQ(plan.job.block_bytes, 4096u);
  EXPECT_EQ(plan.depths, std::vector<size_t>{32});
  EXPECT_TRUE(plan.job.direct && plan.job.cold);
  EXPECT_EQ(plan.job.file_bytes, uint64_t{2} << 30);
  EXPECT_EQ(plan.job.duration, absl::Seconds(2));
  EXPECT_EQ(plan.rounds, 7u);
  EXPECT_EQ(plan.file, "/data");
  EXPECT_EQ(options->csv_path, "out.csv");
  EXPECT_EQ(options->baseline, "io_submit");
}

TEST(OptionsTest, AcceptsListsOfWorkloadsAndDepths) {
  const auto options = Parse({{"workload", "nop,copy"}, {"depth", "1,4096"}});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.workloads.size(), 2u);
  EXPECT_EQ(options->plan.depths, (std::vector<size_t>{1, 4096}));
}

TEST(OptionsTest, AcceptsAListOfQueues) {
  const auto options = Parse({{"queues", "1,256"}});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.queues, (std::vector<size_t>{1, 256}));
}

TEST(OptionsTest, ParsesTheFlagsOfSmallFiles) {
  const auto options = Parse({{"workload", "smallfiles"},
                              {"engines", "syslets,pread_threads,pread"},
                              {"buffered", "true"},
                              {"cache", "warm"},
                              {"block", "5000"},
                              {"files", "300"}});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.files, 300u);
  EXPECT_EQ(options->plan.job.block_bytes, 5000u);
}

TEST(OptionsTest, NamesTheCombinationThatNeedsTooMuchMemory) {
  EXPECT_TRUE(Parse({{"depth", "1,4096"}, {"queues", "256"}}).ok());
  const auto options =
      Parse({{"block", "8k"}, {"depth", "4096,1"}, {"queues", "1,256"}});
  EXPECT_EQ(options.status().message(),
            "256 queues of depth 4096 with blocks of 8192 need more than 4g of "
            "buffers");
}

TEST(OptionsTest, ParsesBufferedWarmAndUnordered) {
  const auto options =
      Parse({{"buffered", "true"}, {"cache", "warm"}, {"order", "none"}});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_FALSE(options->plan.job.direct);
  EXPECT_FALSE(options->plan.job.cold);
  EXPECT_EQ(options->plan.job.order, Order::kNone);
}

TEST(OptionsTest, SmallStreamsHaveAFileOfOneBlock) {
  const auto options = Parse({{"workload", "smallread"},
                              {"engines", "stream_default,pread"},
                              {"block", "3000"},
                              {"size", "3000"}});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.job.file_bytes, 3000u);
  EXPECT_EQ(Parse({{"workload", "lines"}, {"block", "3000"}, {"size", "9000"}})
                .status()
                .message(),
            "--size must be --block for smallread, smallwrite and lines, which "
            "read or write a whole file at a time");
  EXPECT_FALSE(Parse({{"workload", "smallread,randread"},
                      {"block", "3000"},
                      {"size", "3000"}})
                   .ok());
}

TEST(OptionsTest, ParsesBeside) {
  EXPECT_EQ(Parse({})->plan.beside, 0u);
  EXPECT_EQ(Parse({{"beside", "2"}})->plan.beside, 2u);
}

TEST(OptionsTest, RejectsUnknownNamesAndNumbersOutOfRange) {
  for (const Flags& flags : {Flags{{"workload", "dance"}},
                             Flags{{"workload", ""}},
                             Flags{{"engines", "worker,steam"}},
                             Flags{{"engines", ""}},
                             Flags{{"depth", "0"}},
                             Flags{{"depth", "many"}},
                             Flags{{"depth", "99999"}},
                             Flags{{"direct", "1"}, {"buffered", "1"}},
                             Flags{{"cache", "tepid"}},
                             Flags{{"cache", "warm"}},
                             Flags{{"cache", "warm"}, {"direct", "1"}},
                             Flags{{"order", "chaos"}},
                             Flags{{"block", "0"}},
                             Flags{{"block", "100"}},
                             Flags{{"block", "8k"}, {"size", "4k"}},
                             Flags{{"seconds", "0"}},
                             Flags{{"seconds", "nan"}},
                             Flags{{"rounds", "0"}},
                             Flags{{"files", "0"}},
                             Flags{{"queues", "0"}},
                             Flags{{"queues", ""}},
                             Flags{{"queues", "4,few"}},
                             Flags{{"queues", "2048"}},
                             Flags{{"queues", "4,1,4"}},
                             Flags{{"threads", "100000"}},
                             Flags{{"beside", "100000"}},
                             Flags{{"max_minutes", "-1"}},
                             Flags{{"block", "64m"}, {"depth", "1024"}},
                             Flags{{"baseline", "sync"}}}) {
    EXPECT_FALSE(Parse(flags).ok())
        << flags.begin()->first << "=" << flags.begin()->second;
  }
}

TEST(OptionsTest, PresetsSetValidFlags) {
  for (const Preset& preset : Presets()) {
    absl::FlagSaver saver;
    EXPECT_TRUE(SetPresetFlags(preset.name));
    const auto options = OptionsFromFlags();
    EXPECT_TRUE(options.ok()) << preset.name << ": " << options.status();
  }
  EXPECT_FALSE(SetPresetFlags("slow"));
}

// Each row of "Never slower than the plain call" is one preset.
TEST(OptionsTest, RowsAreMediansOfAtLeast7Rounds) {
  for (const Preset& preset : Presets()) {
    if (preset.name == std::string("quick")) continue;
    absl::FlagSaver saver;
    EXPECT_TRUE(SetPresetFlags(preset.name));
    EXPECT_GE(OptionsFromFlags()->plan.rounds, 7u) << preset.name;
  }
}

TEST(OptionsTest, CommandLineFlagsOverrideThePreset) {
  absl::FlagSaver saver;
  std::vector<std::string> words = {"asio_bench", "--depth=7", "--preset",
                                    "quick",      "--rounds",  "3",
                                    "--csv",      "preset.csv"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  const Options options =
      ParseOptions(static_cast<int>(argv.size()), argv.data());
  EXPECT_EQ(options.plan.depths, std::vector<size_t>{7});
  EXPECT_EQ(options.plan.rounds, 3u);
  EXPECT_EQ(options.plan.job.file_bytes, uint64_t{256} << 20);
  EXPECT_EQ(options.plan.job.duration, absl::Milliseconds(500));
  EXPECT_EQ(options.csv_path, "preset.csv");
}

}  // namespace
}  // namespace uasio::bench
