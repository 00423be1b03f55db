// Every engine of small streams reads, or writes, the whole file.

#include <fcntl.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "tools/bench/engine.h"
#include "tools/bench/small_streams_engine.h"

namespace uasio::bench {
namespace {

constexpr size_t kBytes = 3000;
constexpr absl::Duration kDurationMax = absl::Seconds(5);

Job NewJob(Workload workload, const std::string& path) {
  Job job;
  job.workload = workload;
  job.block_bytes = job.file_bytes = kBytes;
  job.depth = job.threads = 4;
  job.direct = job.cold = false;
  job.path = path;
  job.duration = absl::Milliseconds(10);
  job.ramp = absl::Milliseconds(1);
  return job;
}

// On a busy machine a short measurement may complete no operation: it is made
// longer.
absl::StatusOr<Measurement> MeasureSome(const std::string& engine, Job job) {
  auto m = NewSmallStreamsEngine(engine)->Measure(job);
  while (m.ok() && m->ops_per_s == 0 && job.duration < kDurationMax) {
    job.duration *= 4;
    m = NewSmallStreamsEngine(engine)->Measure(job);
  }
  return m;
}

std::string Lines() {
  std::string lines;
  for (size_t i = 0; i < kBytes / kLineBytes; ++i) {
    absl::StrAppend(&lines, std::string(kLineBytes - 1, 'x'), "\n");
  }
  return lines;
}

// Each contains the contents of the file afterwards.
TEST(SmallStreamsTest, TheFilesAreWrittenWhole) {
  const Scratch scratch;
  for (const char* engine : {"stream_default", "fstream"}) {
    for (const Workload workload : {Workload::kSmallWrite, Workload::kLines}) {
      const std::string path =
          scratch.NewFile("file", std::string(kBytes, '?'));
      const auto m = MeasureSome(engine, NewJob(workload, path));
      ASSERT_TRUE(m.ok()) << engine << ": " << m.status();
      EXPECT_GT(m->ops_per_s, 0) << engine;
      EXPECT_EQ(Contents(path), workload == Workload::kLines
                                    ? Lines()
                                    : std::string(kBytes, 'x'))
          << engine << ", " << WorkloadName(workload);
    }
  }
}

TEST(SmallStreamsTest, ReadsHaveTheRateOfFilesAndLeaveThemAlone) {
  const Scratch scratch;
  const std::string contents(kBytes, '?');
  const std::string path = scratch.NewFile("file", contents);
  for (const char* engine : {"stream_default", "fstream", "pread"}) {
    const auto m = MeasureSome(engine, NewJob(Workload::kSmallRead, path));
    ASSERT_TRUE(m.ok()) << engine << ": " << m.status();
    EXPECT_GT(m->ops_per_s, 0) << engine;
    EXPECT_DOUBLE_EQ(m->mib_per_s, m->ops_per_s * kBytes / (1 << 20));
    EXPECT_EQ(Contents(path), contents) << engine;
  }
}

TEST(SmallStreamsTest, DirectReadsOfAnOddLengthWork) {
  const Scratch scratch("/tmp");
  const std::string path = scratch.NewFile("file", std::string(kBytes, '?'));
  if (Fd(open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC)).get() < 0) {
    GTEST_SKIP() << "no direct I/O in /tmp";
  }
  Job job = NewJob(Workload::kSmallRead, path);
  job.direct = job.cold = true;
  for (const char* engine : {"stream_default", "pread"}) {
    EXPECT_EQ(NewSmallStreamsEngine(engine)->Supports(job), absl::OkStatus());
    const auto m = MeasureSome(engine, job);
    ASSERT_TRUE(m.ok()) << engine << ": " << m.status();
    EXPECT_GT(m->ops_per_s, 0) << engine;
  }
}

TEST(SmallStreamsTest, TheErrorsSayWhatIsWrongWithTheFile) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("file", "not 3000 bytes");
  for (const char* engine : {"stream_default", "fstream", "pread"}) {
    const auto m = MeasureSome(engine, NewJob(Workload::kSmallRead, path));
    EXPECT_EQ(m.status(), absl::DataLossError(path + " is too short"))
        << engine;
  }
  for (const char* engine : {"stream_default", "fstream"}) {
    for (const Workload workload : {Workload::kSmallWrite, Workload::kLines}) {
      const auto m = MeasureSome(engine, NewJob(workload, "/dev/full"));
      EXPECT_TRUE(absl::StrContains(m.status().message(), "/dev/full"))
          << engine << ": " << m.status();
    }
  }
}

std::string WhyNot(const std::string& engine, const Job& job) {
  return std::string(NewSmallStreamsEngine(engine)->Supports(job).message());
}

TEST(SmallStreamsTest, SaysWhichCombinationsMeanNothing) {
  Job job = NewJob(Workload::kSmallRead, "/nowhere");
  EXPECT_EQ(WhyNot("fstream", job), "");
  EXPECT_EQ(WhyNot("worker", job), "does not open files for that workload");
  job.cold = true;
  EXPECT_EQ(WhyNot("pread", job),
            "after the first read the file is in the page cache; use "
            "--cache=warm or --direct");
  job.direct = true;
  EXPECT_EQ(WhyNot("fstream", job), "has no O_DIRECT; use --buffered");
  job.queues = 2;
  EXPECT_EQ(WhyNot("pread", job), "small streams have one thread");
  job.workload = Workload::kSmallWrite;
  EXPECT_EQ(WhyNot("pread", job), "does not open files for that workload");
  job.workload = Workload::kRandRead;
  EXPECT_EQ(WhyNot("fstream", job), "supports only small streams");
}

}  // namespace
}  // namespace uasio::bench
