#include "asio/stats.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

TEST(LatencyHistogramTest, CountsByPowersOfTwo) {
  LatencyHistogram latency;
  for (int64_t nanoseconds : {-1, 0, 1}) latency.Add(nanoseconds);
  latency.Add(1023);
  latency.Add(1024);
  latency.Add(INT64_MAX);
  EXPECT_EQ(latency.count[0], 3u);
  EXPECT_EQ(latency.count[9], 1u);
  EXPECT_EQ(latency.count[10], 1u);
  EXPECT_EQ(latency.count[62], 1u);
  EXPECT_EQ(latency.total(), 6u);
}

TEST(LatencyHistogramTest, APercentileIsABoundOfItsBucket) {
  LatencyHistogram latency;
  for (int i = 0; i < 99; ++i) latency.Add(1000);
  latency.Add(1000000);
  EXPECT_EQ(latency.Percentile(0), absl::Nanoseconds(1024));
  EXPECT_EQ(latency.Percentile(0.5), absl::Nanoseconds(1024));
  EXPECT_EQ(latency.Percentile(0.99), absl::Nanoseconds(1024));
  EXPECT_EQ(latency.Percentile(1), absl::Nanoseconds(1048576));
}

TEST(LatencyHistogramTest, NoDurationsHaveThePercentileZero) {
  EXPECT_EQ(LatencyHistogram().Percentile(0.5), absl::ZeroDuration());
}

TEST(QueueStatsTextTest, SaysWhatIsNotZero) {
  QueueStats stats;
  EXPECT_EQ(stats.ToString(), "");
  stats.ops[static_cast<size_t>(Op::kWrite)] = {3, 1, 8192};
  stats.held = 2;
  stats.latency.Add(1000);
  EXPECT_EQ(stats.ToString(),
            "write: 3 completed, 8192 bytes, 1 failed\n"
            "2 held by their order\n"
            "latency: 50 % below 1.024us, 99 % below 1.024us, all below "
            "1.024us");
}

TEST(QueueStatsTextTest, SaysEachCount) {
  QueueStats stats;
  uint64_t i = 0;
  for (uint64_t* count :
       {&stats.submitted, &stats.cancelled, &stats.held, &stats.depth_reached,
        &stats.waits, &stats.backend, &stats.workers, &stats.owner,
        &stats.resubmitted, &stats.refused, &stats.would_block,
        &stats.not_supported, &stats.unfinished}) {
    *count = ++i;
  }
  EXPECT_EQ(stats.ToString(),
            "1 submitted, 2 cancelled, 3 held by their order, "
            "4 times at depth_max, 5 waits, 6 started by the backend, "
            "7 started by workers, 8 performed by the caller, 9 resubmitted, "
            "10 refused by the backend, 11 would have blocked the submitter, "
            "12 not supported by the backend there, 13 finished by workers");
}

}  // namespace
}  // namespace uasio
