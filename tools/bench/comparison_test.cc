// Runs every engine briefly on every workload.

#include "tools/bench/comparison.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "tools/bench/report.h"

namespace uasio::bench {
namespace {

constexpr size_t kRounds = 2;
constexpr absl::Duration kDurationMax = absl::Seconds(5);

std::string MemoryFolder() {
  return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

Plan QuickPlan() {
  Plan plan;
  plan.workloads = {Workload::kRandRead};
  plan.engines = {"worker", "pread"};
  plan.depths = {4};
  plan.threads = 4;
  plan.rounds = kRounds;
  plan.job.duration = absl::Milliseconds(20);
  plan.job.ramp = absl::Milliseconds(2);
  plan.job.file_bytes = 1 << 20;
  plan.job.direct = false;
  plan.file = MemoryFolder();
  plan.files = 50;
  return plan;
}

// fio reports whole microseconds, so that its times may be 0.
bool ReportsWholeMicroseconds(const std::string& engine) {
  return absl::StartsWith(engine, "fio_");
}

// Each engine has all its rounds with plausible numbers, or a note why not.
void ExpectRowsOrNotes(const Plan& plan, const Results& results) {
  std::map<std::string, size_t> rounds;
  for (const Row& row : results.rows) {
    ++rounds[row.engine];
    EXPECT_GT(row.measurement.ops_per_s, 0) << row.engine;
    if (!ReportsWholeMicroseconds(row.engine)) {
      EXPECT_GT(row.measurement.p50_us, 0) << row.engine;
    }
    EXPECT_GE(row.measurement.p99_us, row.measurement.p50_us) << row.engine;
  }
  for (const std::string& engine : plan.engines) {
    size_t notes = 0;
    for (const std::string& note : results.notes) {
      notes += absl::StrContains(note, ": " + engine + " passed over: ");
    }
    EXPECT_EQ(rounds[engine] + notes * kRounds, kRounds) << engine;
  }
}

bool AnyRowIsEmpty(const Results& results) {
  return std::any_of(
      results.rows.begin(), results.rows.end(),
      [](const Row& row) { return row.measurement.ops_per_s == 0; });
}

// On a busy machine a short round may complete no operation: retries with
// longer rounds.
absl::Status CompareUntilNoRowIsEmpty(Plan plan, Results* results) {
  absl::Status status = Compare(plan, nullptr, results);
  while (status.ok() && AnyRowIsEmpty(*results) &&
         plan.job.duration < kDurationMax) {
    plan.job.duration *= 4;
    *results = {};
    status = Compare(plan, nullptr, results);
  }
  return status;
}

// ThreadSanitizer fails on glibc's POSIX AIO, because it does not see those
// threads start.
std::vector<std::string> TestableEngines() {
  std::vector<std::string> names = EngineNames();
  if (kThreadSanitized) {
    names.erase(std::remove(names.begin(), names.end(), "posix_aio"),
                names.end());
  }
  return names;
}

class EveryEngineTest : public testing::TestWithParam<Workload> {};

TEST_P(EveryEngineTest, RunsOrSaysWhyNot) {
  Plan plan = QuickPlan();
  plan.workloads = {GetParam()};
  plan.engines = TestableEngines();
  // A cold run of small files would drop the caches of the whole machine; a
  // small stream has no cold buffered reads.
  plan.job.cold =
      GetParam() != Workload::kSmallFiles && !IsSmallStream(GetParam());
  Results results;
  const absl::Status status = CompareUntilNoRowIsEmpty(plan, &results);
  EXPECT_TRUE(status.ok()) << status;
  ExpectRowsOrNotes(plan, results);
}

INSTANTIATE_TEST_SUITE_P(
    Workloads, EveryEngineTest,
    testing::Values(Workload::kNop, Workload::kSeqRead, Workload::kSeqWrite,
                    Workload::kRandRead, Workload::kRandWrite,
                    Workload::kRandRw, Workload::kCopy, Workload::kScatter,
                    Workload::kSmallFiles, Workload::kSmallRead,
                    Workload::kSmallWrite, Workload::kLines),
    [](const auto& info) { return WorkloadName(info.param); });

TEST(ComparisonTest, SubmitAndWaitSupportsAllWorkloadsOfAQueue) {
  Plan plan = QuickPlan();
  plan.engines = {"submit_and_wait_worker"};
  plan.workloads = {Workload::kNop, Workload::kRandRw, Workload::kCopy};
  plan.depths = {1, 4};
  plan.queues = {1, 2};
  Results results;
  const absl::Status status = CompareUntilNoRowIsEmpty(plan, &results);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(results.rows.size(), 12 * kRounds);
  EXPECT_FALSE(AnyRowIsEmpty(results));
  EXPECT_TRUE(results.notes.empty());
}

TEST(ComparisonTest, EmulatedLibaioSupportsAllButNoOps) {
  Plan plan = QuickPlan();
  plan.engines = {"emulated_libaio"};
  plan.workloads = {Workload::kRandRead, Workload::kCopy, Workload::kNop};
  plan.queues = {1, 2};
  Results results;
  const absl::Status status = Compare(plan, nullptr, &results);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(results.rows.size(), 4 * kRounds);
  EXPECT_EQ(results.notes.size(), 1u);
}

TEST(ComparisonTest, StreamsAndPreadScatterAFileOfOddSize) {
  Plan plan = QuickPlan();
  plan.workloads = {Workload::kScatter};
  plan.engines = {"stream_worker", "stream_uring", "pread"};
  plan.job.file_bytes = 37 * 4096;
  plan.job.duration = absl::Milliseconds(100);
  Results results;
  const absl::Status status = Compare(plan, nullptr, &results);
  EXPECT_TRUE(status.ok()) << status;
  ExpectRowsOrNotes(plan, results);
}

TEST(ComparisonTest, RoundsAreInterleaved) {
  Results results;
  ASSERT_TRUE(Compare(QuickPlan(), nullptr, &results).ok());
  ASSERT_EQ(results.rows.size(), 4u);
  EXPECT_EQ(results.rows[0].engine, "worker");
  EXPECT_EQ(results.rows[1].engine, "pread");
  EXPECT_EQ(results.rows[1].round, 0u);
  EXPECT_EQ(results.rows[2].engine, "worker");
  EXPECT_EQ(results.rows[2].round, 1u);
}

// Copying a MiB takes longer than a microsecond.
TEST(ComparisonTest, PreadLatencyIncludesTheCall) {
  Plan plan = QuickPlan();
  plan.engines = {"pread"};
  plan.rounds = 1;
  plan.job.block_bytes = 1 << 20;
  plan.job.ramp = absl::ZeroDuration();
  Results results;
  ASSERT_TRUE(Compare(plan, nullptr, &results).ok());
  const Histogram& latency = results.rows.at(0).measurement.latency;
  ASSERT_GT(latency.total(), 0u);
  EXPECT_GT(latency.Cumulative().front().first, 1000);
}

TEST(ComparisonTest, EveryCombinationIsCompared) {
  Plan plan = QuickPlan();
  plan.workloads = {Workload::kRandRead, Workload::kSeqRead};
  plan.depths = {1, 2};
  plan.queues = {1, 3};
  plan.engines = {"pread"};
  Results results;
  const absl::Status status = Compare(plan, nullptr, &results);
  EXPECT_TRUE(status.ok()) << status;
  std::set<std::tuple<Workload, size_t, size_t>> seen;
  for (const Row& row : results.rows) {
    seen.insert({row.workload, row.depth, row.queues});
  }
  EXPECT_EQ(results.rows.size(), 8 * kRounds);
  EXPECT_EQ(seen.size(), 8u);
}

TEST(ComparisonTest, EnginesBeyondTheLimitsArePassedOverBeforeTheirRounds) {
  Plan plan = QuickPlan();
  plan.engines = {"pread_threads", "pread"};
  plan.queues = {1, 1024};
  plan.threads = 4096;
  plan.job.duration = absl::Milliseconds(1);
  Results results;
  const absl::Status status = Compare(plan, nullptr, &results);
  EXPECT_TRUE(status.ok()) << status;
  ASSERT_EQ(results.notes.size(), 1u);
  EXPECT_TRUE(
      absl::StrContains(results.notes[0],
                        "pread_threads passed over: 1024 queues of depth 4 "
                        "need 4195328 threads"))
      << results.notes[0];
}

TEST(ComparisonTest, DirectIoWorksOnTheKernelInterfaces) {
  Plan plan = QuickPlan();
  plan.job.direct = true;
  plan.file = "/tmp";
  plan.engines = {"kaio", "uring", "worker", "io_submit", "liburing_fixed"};
  Results results;
  const absl::Status status = CompareUntilNoRowIsEmpty(plan, &results);
  if (absl::StrContains(status.message(), "no direct I/O")) {
    GTEST_SKIP() << status;
  }
  EXPECT_TRUE(status.ok()) << status;
  ExpectRowsOrNotes(plan, results);
}

TEST(ComparisonTest, KeepsTheRowsSoFarWhenTimeIsUp) {
  Plan plan = QuickPlan();
  plan.rounds = 1000;
  plan.time_max = absl::Milliseconds(100);
  Results results;
  absl::Status status = Compare(plan, nullptr, &results);
  // On a busy machine the time may be up before the first row.
  while (results.rows.empty() && plan.time_max < kDurationMax) {
    plan.time_max *= 4;
    status = Compare(plan, nullptr, &results);
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(results.rows.empty());
  EXPECT_LT(results.rows.size(), 2000u);
}

TEST(ComparisonTest, OnlySomeEnginesReadSmallFilesWhichAreThenRemoved) {
  const Scratch scratch;
  Plan plan = QuickPlan();
  plan.workloads = {Workload::kSmallFiles};
  plan.engines = {"syslets", "pread", "pread_threads", "io_submit"};
  plan.job.cold = false;
  plan.file = scratch.Path(".");
  Results results;
  const absl::Status status = Compare(plan, nullptr, &results);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(results.rows.size(), 3 * kRounds);
  for (const Row& row : results.rows) {
    EXPECT_EQ(row.measurement.latency.total(), plan.files) << row.engine;
  }
  ASSERT_EQ(results.notes.size(), 1u);
  EXPECT_TRUE(std::filesystem::is_empty(plan.file));
}

TEST(ComparisonTest, SmallFilesNeedBufferedIoAndOneQueue) {
  Plan plan = QuickPlan();
  plan.workloads = {Workload::kSmallFiles};
  plan.engines = {"syslets"};
  plan.job.cold = false;
  plan.queues = {2};
  Results results;
  EXPECT_TRUE(Compare(plan, nullptr, &results).ok());
  plan.queues = {1};
  plan.job.direct = true;
  EXPECT_TRUE(Compare(plan, nullptr, &results).ok());
  EXPECT_TRUE(results.rows.empty());
  EXPECT_EQ(results.notes.size(), 2u);
}

TEST(ComparisonTest, EndsWhenInterruptedAndRemovesItsFiles) {
  const Scratch scratch;
  Plan plan = QuickPlan();
  plan.workloads = {Workload::kSmallFiles};
  plan.engines = {"pread"};
  plan.job.cold = false;
  plan.file = scratch.Path(".");
  Results results;
  plan.is_interrupted = [&] { return results.rows.size() == 1; };
  const absl::Status status = Compare(plan, nullptr, &results);
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(results.rows.size(), 1u);
  EXPECT_TRUE(std::filesystem::is_empty(plan.file));
}

TEST(ComparisonTest, LeavesAnExistingFileAlone) {
  std::string path = MemoryFolder() + "/asio_bench_test_XXXXXX";
  const int fd = mkstemp(path.data());
  ASSERT_EQ(write(fd, "precious", 8), 8);
  Plan plan = QuickPlan();
  plan.file = path;
  Results results;
  EXPECT_FALSE(Compare(plan, nullptr, &results).ok());
  EXPECT_EQ(lseek(fd, 0, SEEK_END), 8);
  close(fd);
  unlink(path.c_str());
}

TEST(ComparisonTest, LeavesNoFileBehind) {
  Plan plan = QuickPlan();
  plan.file = MemoryFolder() + "/asio_bench_named_" + std::to_string(getpid());
  Results results;
  bool seen = false;
  const absl::Status status = Compare(
      plan,
      [&](absl::string_view, size_t done, size_t) {
        if (done > 0) seen = seen || access(plan.file.c_str(), F_OK) == 0;
      },
      &results);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_FALSE(seen);
  EXPECT_NE(access(plan.file.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace uasio::bench
