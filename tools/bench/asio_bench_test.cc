// asio_bench as a user runs it.

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/bench/presets.h"
#include "tools/common/program_testing.h"

namespace uasio::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Runs asio_bench briefly on a small file.
Outcome Bench(const std::string& folder, std::vector<std::string> flags,
              const ProgramOptions& options = {}) {
  flags.insert(flags.begin(),
               {"asio_bench", "--file=" + folder, "--buffered", "--size=1m",
                "--seconds=0.02", "--rounds=2", "--depth=4"});
  return RunProgram(flags, options);
}

TEST(AsioBenchTest, PrintsATableAndWritesACsvRowPerEngineAndRound) {
  const Scratch scratch;
  const std::string csv = scratch.NewFile("rows.csv", std::string(9999, '?'));
  const Outcome outcome =
      Bench(scratch.Path(""), {"--engines=worker,pread", "--csv", csv});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_THAT(outcome.out, HasSubstr("4 KiB blocks, buffered, cold cache, "));
  EXPECT_THAT(outcome.out, HasSubstr("\nworker  "));
  EXPECT_THAT(outcome.out, HasSubstr("\npread  "));
  const std::vector<std::string> lines = absl::StrSplit(Contents(csv), '\n');
  ASSERT_THAT(lines, SizeIs(6));  // The last one is empty.
  EXPECT_EQ(lines[0],
            "workload,engine,block_bytes,depth,threads,round,ops_per_s,"
            "mib_per_s,cpu_us_per_op,p50_us,p99_us,p999_us,process_threads");
  EXPECT_TRUE(absl::StartsWith(lines[1], "randread,worker,4096,4,4,0,"));
  EXPECT_TRUE(absl::StartsWith(lines[4], "randread,pread,4096,4,4,1,"));
}

TEST(AsioBenchTest, PassesOverEnginesThatTheKernelRefusesAndSaysWhy) {
  const Scratch scratch;
  ProgramOptions options;
  options.in_child = [] {
    RefuseCalls({{SYS_io_uring_setup, EPERM}, {SYS_io_setup, EPERM}});
  };
  const Outcome outcome =
      Bench(scratch.Path(""),
            {"--engines=uring,kaio,stream_uring,stream_kaio,io_submit,liburing,"
             "liburing_fixed,fio_libaio,fio_io_uring,worker,pread",
             "--workload=seqread"},
            options);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* reason :
       {"uring passed over: io_uring_setup: EPERM",
        "kaio passed over: io_setup: EPERM",
        "stream_uring passed over: io_uring_setup: EPERM",
        "stream_kaio passed over: io_setup: EPERM",
        "io_submit passed over: io_setup: EPERM",
        "liburing passed over: io_uring_setup: EPERM",
        "liburing_fixed passed over: io_uring_setup: EPERM",
        "fio_libaio passed over: fio ", "fio_io_uring passed over: fio "}) {
    EXPECT_THAT(outcome.out, HasSubstr(std::string("\nseqread: ") + reason));
  }
  EXPECT_THAT(outcome.out, HasSubstr("\nworker  "));
  EXPECT_THAT(outcome.out, HasSubstr("\npread  "));
}

// RLIMIT_MEMLOCK has room for the buffers of one driver, not of two.  Retries
// because another program of the same user may hold locked memory.
TEST(AsioBenchTest, ADriverReleasesItsLockedMemoryBeforeTheNextStarts) {
  const Scratch scratch;
  ProgramOptions options;
  options.in_child = [] {
    const rlimit limit = {8 << 20, 8 << 20};
    setrlimit(RLIMIT_MEMLOCK, &limit);
    prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK);
  };
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  Outcome outcome;
  std::string failures;
  do {
    outcome = Bench(scratch.Path(""),
                    {"--engines=liburing_fixed", "--block=512k", "--depth=12",
                     "--size=8m", "--rounds=4"},
                    options);
    if (absl::StrContains(outcome.out, "io_uring_setup: ")) break;
    if (outcome.exit_code != 0) {
      failures += outcome.err;
    } else if (absl::StrContains(outcome.out, "\nliburing_fixed  ")) {
      return;
    }
  } while (absl::Now() < deadline);
  EXPECT_THAT(failures, IsEmpty());
  GTEST_SKIP() << outcome.out;
}

TEST(AsioBenchTest, InvalidArgumentsPrintAnErrorAndExitWith2) {
  for (const char* wrong :
       {"--depth=0", "--depth=deep", "--engines=steam", "--size=big",
        "--no_such_flag", "more", "--preset=slow"}) {
    const Outcome outcome = Bench("/nowhere", {wrong});
    EXPECT_EQ(outcome.exit_code, 2) << wrong;
    EXPECT_THAT(outcome.err, HasSubstr("asio_bench: ")) << wrong;
    EXPECT_THAT(outcome.out, IsEmpty()) << wrong;
  }
}

TEST(AsioBenchTest, HelpListsTheFlagsAndThePresets) {
  const Outcome outcome = RunProgram({"asio_bench", "--help"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* text :
       {"usage: asio_bench", "  --workload: ", "\n  --preset=quick: under a",
        "\n      --seconds=0.5\n", "\n  --preset=full: the main",
        "\n  --preset=cached: buffered", "\n      --beside=2\n",
        "\n  --beside: threads that compute"}) {
    EXPECT_THAT(outcome.out, HasSubstr(text));
  }
}

TEST(AsioBenchTest, FailsAndSaysWhyIfItCannotCreateItsFile) {
  const Outcome outcome = Bench("/nowhere/at/all", {"--engines=pread"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("asio_bench: cannot create /nowhere/at/all: ENOENT"));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(AsioBenchTest, KeepsTheOldCsvIfNothingWasMeasured) {
  const Scratch scratch;
  const std::string kept = scratch.NewFile("rows.csv", "of last time\n");
  EXPECT_EQ(Bench("/nowhere/at/all", {"--csv", kept}).exit_code, 1);
  EXPECT_EQ(Contents(kept), "of last time\n");
}

// The scratch file cannot be created either, but is not reached.
TEST(AsioBenchTest, FailsBeforeMeasuringIfTheResultsCannotBeWritten) {
  const Outcome csv = Bench("/nowhere", {"--csv=/nowhere/at/all.csv"});
  EXPECT_EQ(csv.exit_code, 1);
  EXPECT_THAT(csv.err, StartsWith("asio_bench: cannot write /nowhere/at/all.csv"
                                  ": ENOENT"));
  const Outcome plot = Bench("/nowhere", {"--plot=/dev/null/plots"});
  EXPECT_EQ(plot.exit_code, 1);
  EXPECT_THAT(plot.err, StartsWith("asio_bench: cannot create /dev/null/plots: "
                                   "ENOTDIR"));
}

bool MayBePassedOver(const std::string& line) {
  return absl::StrContains(line, "io_uring_setup: ") ||
         absl::StrContains(line, "io_setup: ") ||
         absl::StrContains(line, "aio-max-nr") ||
         absl::StrContains(line, "fio");
}

// Runs the preset of a row briefly, with a smaller file.
Outcome RunPreset(const Preset& preset, const std::string& folder) {
  std::vector<std::string> words = {
      "asio_bench", absl::StrCat("--preset=", preset.name), "--file=" + folder,
      "--seconds=0.02", "--rounds=1"};
  if (!absl::StartsWith(preset.name, "small") &&
      !absl::StartsWith(preset.name, "lines")) {
    words.push_back("--size=32m");
  }
  return RunProgram(words);
}

TEST(AsioBenchTest, TheEnginesOfEachRowSupportItsWorkload) {
  const Scratch scratch;
  for (const Preset& preset : Presets()) {
    if (preset.name == std::string("quick")) continue;
    if (preset.name == std::string("full")) continue;
    const Outcome outcome = RunPreset(preset, scratch.Path(""));
    if (absl::StrContains(outcome.err, "no direct I/O")) continue;
    EXPECT_EQ(outcome.exit_code, 0) << preset.name << ": " << outcome.err;
    for (const auto& line :
         std::vector<std::string>(absl::StrSplit(outcome.out, '\n'))) {
      if (!absl::StrContains(line, "passed over")) continue;
      EXPECT_TRUE(MayBePassedOver(line)) << preset.name << ": " << line;
    }
  }
}

TEST(AsioBenchTest, RunsBesideThreadsThatCompute) {
  const Scratch scratch;
  const Outcome outcome =
      Bench(scratch.Path(""), {"--engines=worker,pread", "--beside=1"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(", beside 1 thread that computes"));
  EXPECT_THAT(outcome.out, HasSubstr("\npread  "));
}

// fork() is a clone(); threads are started by clone3().
TEST(AsioBenchTest, FailsAndSaysWhyIfNothingCanComputeBeside) {
  const Scratch scratch;
  ProgramOptions options;
  options.in_child = [] { RefuseCalls({{SYS_clone, EAGAIN}}); };
  const Outcome outcome =
      Bench(scratch.Path(""), {"--engines=pread", "--beside=1"}, options);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, StartsWith("asio_bench: cannot start a process that "
                                      "computes: EAGAIN"));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(AsioBenchTest, PrintsOnlyTheReasonsIfNoEngineCanRun) {
  const Scratch scratch;
  ProgramOptions options;
  options.in_child = [] { RefuseCalls({{SYS_io_uring_setup, EPERM}}); };
  const Outcome outcome = Bench(scratch.Path(""), {"--engines=uring"}, options);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("randread: uring passed over: io_uring_se"
                                      "tup: EPERM"));
}

TEST(AsioBenchTest, FailsIfTheTableCannotBeWritten) {
  const Scratch scratch;
  const Outcome outcome = RunProgramOnAFullDisk(
      {"asio_bench", "--file=" + scratch.Path(""), "--buffered", "--size=1m",
       "--seconds=0.02", "--rounds=1", "--engines=pread"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("asio_bench: cannot write to standard output: ENOSPC"));
}

}  // namespace
}  // namespace uasio::bench
