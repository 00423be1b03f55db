// Every engine reads and writes the right files at the right offsets.

#include "tools/bench/engine.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "asio/testing/fd.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio::bench {
namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kBlocks = 8;
constexpr absl::Duration kDurationMax = absl::Seconds(5);

// Without fio, which opens the file itself.  ThreadSanitizer fails on glibc's
// POSIX AIO, because it does not see those threads start.
std::vector<std::string> EnginesOfThisProcess() {
  std::vector<std::string> names;
  for (const std::string& name : EngineNames()) {
    if (absl::StartsWith(name, "fio_")) continue;
    if (kThreadSanitized && name == "posix_aio") continue;
    names.push_back(name);
  }
  return names;
}

class EngineTestBase {
 protected:
  // The fds allow only the reads or writes that the workload needs.
  Job NewJob(Workload workload) {
    const bool reads =
        workload != Workload::kSeqWrite && workload != Workload::kRandWrite;
    const bool both = workload == Workload::kRandRw;
    file_ = Fd(open(path_.c_str(), O_CLOEXEC | (both    ? O_RDWR
                                                : reads ? O_RDONLY
                                                        : O_WRONLY)));
    copy_ = Fd(open(copy_path_.c_str(), O_CLOEXEC | O_WRONLY));
    Job job;
    job.workload = workload;
    job.block_bytes = kBlock;
    job.depth = job.threads = 4;
    job.direct = false;
    job.file_bytes = kBlock * kBlocks;
    job.fd = file_.get();
    job.path = path_;
    job.copy_fd = HasTwoFiles(workload) ? copy_.get() : -1;
    job.duration = absl::Milliseconds(10);
    job.ramp = absl::Milliseconds(1);
    return job;
  }

  // What the job fails with.  On a busy machine a short measurement may end
  // before the operation that fails: it is made longer.
  static absl::Status FailureOf(Engine* engine, Job job) {
    auto m = engine->Measure(job);
    while (m.ok() && job.duration < kDurationMax) {
      job.duration *= 4;
      m = engine->Measure(job);
    }
    return m.status();
  }

  const Scratch scratch_;
  const std::string contents_ = Pattern(kBlock * kBlocks);
  const std::string path_ = scratch_.NewFile("file", contents_);
  const std::string copy_path_ = scratch_.NewFile("copy");

 private:
  Fd file_, copy_;
};

class EngineTest : public EngineTestBase,
                   public testing::TestWithParam<std::string> {};

// The wrong fd, or a read instead of a write, would be EBADF.
TEST_P(EngineTest, ReadsAndWritesTheRightFiles) {
  for (const Workload workload :
       {Workload::kSeqRead, Workload::kSeqWrite, Workload::kRandRead,
        Workload::kRandWrite, Workload::kRandRw}) {
    for (size_t queues : {1, 3}) {
      Job job = NewJob(workload);
      job.queues = queues;
      const auto engine = NewEngine(GetParam());
      if (!engine->Supports(job).ok()) continue;
      const auto m = engine->Measure(job);
      EXPECT_TRUE(m.ok()) << WorkloadName(workload) << ": " << m.status();
    }
  }
}

// Retries with a longer duration until the whole file is copied.
TEST_P(EngineTest, CopiesTheContents) {
  Job job = NewJob(Workload::kCopy);
  const auto engine = NewEngine(GetParam());
  const absl::Status supported = engine->Supports(job);
  if (!supported.ok()) GTEST_SKIP() << supported;
  do {
    const auto m = engine->Measure(job);
    ASSERT_TRUE(m.ok()) << m.status();
    job.duration *= 4;
  } while (Contents(copy_path_) != contents_ && job.duration < kDurationMax);
  EXPECT_EQ(Contents(copy_path_), contents_);
  EXPECT_EQ(Contents(path_), contents_);
}

TEST_P(EngineTest, FailedReadsAndWritesReportTheErrno) {
  for (const Workload workload : {Workload::kSeqRead, Workload::kSeqWrite}) {
    Job job = NewJob(workload);
    const Job other =
        NewJob(workload == Workload::kSeqRead ? Workload::kSeqWrite
                                              : Workload::kSeqRead);
    job.fd = other.fd;
    const auto engine = NewEngine(GetParam());
    if (!engine->Supports(job).ok()) continue;
    const absl::Status failure = FailureOf(engine.get(), job);
    EXPECT_TRUE(absl::StrContains(failure.message(), "EBADF"))
        << WorkloadName(workload) << ": " << failure;
  }
}

class StreamEngineTest : public EngineTest {};

class DefaultStreamTest : public EngineTestBase, public testing::Test {};

bool AllBlocksDifferFrom(const std::string& before, const std::string& after) {
  for (size_t at = 0; at < before.size(); at += kBlock) {
    if (before.compare(at, kBlock, after, at, kBlock) == 0) return false;
  }
  return true;
}

TEST_P(StreamEngineTest, AFullDiskIsReportedAsEnospc) {
  Job job = NewJob(Workload::kSeqWrite);
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  job.fd = full.get();
  const auto engine = NewEngine(GetParam());
  const absl::Status supported = engine->Supports(job);
  if (!supported.ok()) GTEST_SKIP() << supported;
  const absl::Status failure = FailureOf(engine.get(), job);
  EXPECT_TRUE(absl::StrContains(failure.message(), "ENOSPC")) << failure;
}

TEST_P(StreamEngineTest, ATruncatedFileIsReportedAsTooShort) {
  const Job job = NewJob(Workload::kSeqRead);
  ASSERT_EQ(truncate(path_.c_str(), kBlock), 0);
  const auto engine = NewEngine(GetParam());
  const absl::Status supported = engine->Supports(job);
  if (!supported.ok()) GTEST_SKIP() << supported;
  EXPECT_EQ(FailureOf(engine.get(), job),
            absl::DataLossError("the file is too short"));
}

// Retries with a longer duration until all parts are written.
TEST_P(StreamEngineTest, EachQueueWritesAPartOfTheFile) {
  Job job = NewJob(Workload::kSeqWrite);
  job.queues = kBlocks / 2;
  const auto engine = NewEngine(GetParam());
  const absl::Status supported = engine->Supports(job);
  if (!supported.ok()) GTEST_SKIP() << supported;
  std::string written;
  do {
    const auto m = engine->Measure(job);
    ASSERT_TRUE(m.ok()) << m.status();
    job.duration *= 4;
    written = Contents(path_);
  } while (!AllBlocksDifferFrom(contents_, written) &&
           job.duration < kDurationMax);
  EXPECT_EQ(written.size(), contents_.size());
  EXPECT_TRUE(AllBlocksDifferFrom(contents_, written));
}

TEST_P(StreamEngineTest, SaysWhichNumbersOfQueuesItDoesNotSupport) {
  Job job = NewJob(Workload::kSeqRead);
  job.queues = kBlocks + 1;
  EXPECT_EQ(NewEngine(GetParam())->Supports(job),
            absl::UnimplementedError(
                "the file has fewer blocks than there are queues"));
  job = NewJob(Workload::kScatter);
  job.queues = 2;
  EXPECT_EQ(NewEngine(GetParam())->Supports(job),
            absl::UnimplementedError("scatters only with one queue"));
}

// 4 streams read 2 blocks of 256 KiB each.
TEST_F(DefaultStreamTest, ReadsAndWritesByTheDefaultQueueOfEachThread) {
  for (const Workload workload : {Workload::kSeqRead, Workload::kSeqWrite}) {
    Job job = NewJob(workload);
    ASSERT_EQ(truncate(path_.c_str(), 2 << 20), 0);
    job.file_bytes = 2 << 20;
    job.block_bytes = 256 << 10;
    job.queues = 4;
    const auto engine = NewEngine("stream_default");
    ASSERT_EQ(engine->Supports(job), absl::OkStatus());
    const auto m = engine->Measure(job);
    EXPECT_TRUE(m.ok()) << WorkloadName(workload) << ": " << m.status();
  }
}

TEST_F(DefaultStreamTest, SaysWhatTheDefaultQueueCannotDo) {
  Job job = NewJob(Workload::kSeqRead);
  EXPECT_EQ(NewEngine("stream_default")->Supports(job),
            absl::UnimplementedError(
                "the blocks of the default queue have 262144 bytes"));
  job.workload = Workload::kScatter;
  EXPECT_EQ(NewEngine("stream_default")->Supports(job),
            absl::UnimplementedError("does not scatter on the default queue"));
}

INSTANTIATE_TEST_SUITE_P(Engines, StreamEngineTest,
                         testing::Values("stream_worker", "stream_kaio",
                                         "stream_uring"),
                         [](const auto& info) { return info.param; });

INSTANTIATE_TEST_SUITE_P(Engines, EngineTest,
                         testing::ValuesIn(EnginesOfThisProcess()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace uasio::bench
