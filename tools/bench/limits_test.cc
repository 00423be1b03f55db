#include "tools/bench/limits.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace uasio::bench {
namespace {

Job ManyQueues() {
  Job job;
  job.queues = 256;
  job.depth = 32;
  job.threads = 32;
  return job;
}

Limits SomeLimits() {
  Limits limits;
  limits.kaio_requests = 65536;
  limits.threads = 16384;
  return limits;
}

TEST(LimitsTest, ManyQueuesOfModerateDepthPass) {
  for (const char* engine : {"worker", "kaio", "uring", "pread_threads",
                             "io_submit", "fio_libaio"}) {
    EXPECT_EQ(CheckLimits(engine, ManyQueues(), SomeLimits()), absl::OkStatus())
        << engine;
  }
}

TEST(LimitsTest, AioMaxNrLimitsOnlyEnginesThatUseKaio) {
  Job job = ManyQueues();
  job.depth = 257;
  for (const char* engine :
       {"kaio", "stream_kaio", "io_submit", "fio_libaio"}) {
    const absl::Status status = CheckLimits(engine, job, SomeLimits());
    EXPECT_TRUE(absl::StrContains(
        status.message(),
        "256 queues of depth 257 need 65792 requests; there are 65536"))
        << status;
  }
  EXPECT_TRUE(CheckLimits("uring", job, SomeLimits()).ok());
}

TEST(LimitsTest, CountsThreadsPerQueueButPoolThreadsOnce) {
  Job job = ManyQueues();
  job.threads = 64;
  EXPECT_TRUE(CheckLimits("worker", job, SomeLimits()).ok());
  EXPECT_TRUE(absl::StrContains(
      CheckLimits("pread_threads", job, SomeLimits()).message(),
      "need 16640 threads; there are 16384"));
}

TEST(LimitsTest, StreamsHaveAPoolEachExceptOnTheDefaultQueue) {
  Job job = ManyQueues();
  job.threads = 64;
  job.block_bytes = 4096;
  for (const char* engine : {"stream_worker", "stream_uring"}) {
    EXPECT_FALSE(CheckLimits(engine, job, SomeLimits()).ok()) << engine;
  }
  EXPECT_TRUE(CheckLimits("stream_default", job, SomeLimits()).ok());
}

TEST(LimitsTest, CountsABufferPerThreadForThreadedPread) {
  Job job = ManyQueues();
  job.block_bytes = 1 << 20;
  job.depth = 1;
  EXPECT_TRUE(CheckLimits("worker", job, SomeLimits()).ok());
  EXPECT_TRUE(absl::StrContains(
      CheckLimits("fio_pread_threads", job, SomeLimits()).message(),
      "bytes of buffers"));
}

TEST(LimitsTest, CountsTheBuffersOfScatteringStreams) {
  Job job;
  job.block_bytes = 64 << 20;
  EXPECT_TRUE(CheckLimits("stream_uring", job, SomeLimits()).ok());
  job.workload = Workload::kScatter;
  EXPECT_TRUE(CheckLimits("uring", job, SomeLimits()).ok());
  EXPECT_FALSE(CheckLimits("stream_uring", job, SomeLimits()).ok());
}

TEST(LimitsTest, TheMachineAllowsThreads) {
  EXPECT_GT(Limits::OfTheMachine().threads, 0u);
}

}  // namespace
}  // namespace uasio::bench
