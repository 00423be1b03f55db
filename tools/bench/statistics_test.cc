#include "tools/bench/statistics.h"

#include <vector>

#include "gtest/gtest.h"
#include "tools/bench/histogram.h"

namespace uasio::bench {
namespace {

TEST(StatisticsTest, MedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(Median({}), 0);
  EXPECT_EQ(Median({7}), 7);
  EXPECT_EQ(Median({9, 1, 5}), 5);
  EXPECT_EQ(Median({8, 1, 2, 4}), 3);
}

TEST(StatisticsTest, SummaryHasMedianMinimumMaximumAndSpread) {
  const Summary s = Summarize({30, 20, 10, 20, 15});
  EXPECT_EQ(s.median, 20);
  EXPECT_EQ(s.min, 10);
  EXPECT_EQ(s.max, 30);
  EXPECT_DOUBLE_EQ(s.spread(), 1.0);
  EXPECT_EQ(Summarize({}).spread(), 0);
}

// Each round is slower than the one before; the ratio stays the same.
TEST(StatisticsTest, RatioIsTakenRoundByRound) {
  const Summary ratio = SummarizeRatios({200, 20, 3}, {100, 10, 1});
  EXPECT_DOUBLE_EQ(ratio.median, 2);
  EXPECT_DOUBLE_EQ(ratio.min, 2);
  EXPECT_DOUBLE_EQ(ratio.max, 3);
}

TEST(StatisticsTest, RatioIgnoresRoundsWithAZeroDivisor) {
  EXPECT_DOUBLE_EQ(SummarizeRatios({5, 8, 5}, {0, 2, 0}).median, 4);
  EXPECT_EQ(SummarizeRatios({0, 8, 0}, {2, 2, 2}).median, 0);
  EXPECT_EQ(SummarizeRatios({1}, {0}).median, 0);
  EXPECT_EQ(SummarizeRatios({}, {}).median, 0);
}

TEST(HistogramTest, PercentilesAreExactToOnePartIn64) {
  Histogram h;
  for (int64_t ns = 1; ns <= 100000; ++ns) h.Add(ns);
  EXPECT_EQ(h.total(), 100000u);
  EXPECT_NEAR(h.Percentile(0.5), 50000, 50000 / 64.0);
  EXPECT_NEAR(h.Percentile(0.99), 99000, 99000 / 64.0);
  EXPECT_NEAR(h.Percentile(0.999), 99900, 99900 / 64.0);
  EXPECT_GE(h.Percentile(1), 100000);
}

TEST(HistogramTest, SmallNumbersAreExact) {
  Histogram h;
  for (int64_t ns : {3, 3, 3, 60}) h.Add(ns);
  EXPECT_EQ(h.Percentile(0.5), 3);
  EXPECT_EQ(h.Percentile(0.75), 3);
  EXPECT_EQ(h.Percentile(0.76), 60);
}

TEST(HistogramTest, AcceptsAnyNumberAndMayBeEmpty) {
  Histogram h;
  EXPECT_EQ(h.Percentile(0.5), 0);
  h.Add(-5);
  EXPECT_EQ(h.Percentile(0.5), 0);
  h.Add(INT64_MAX);
  EXPECT_GT(h.Percentile(1), 1e12);
}

TEST(HistogramTest, MergeAddsCountsAndCumulativeEndsAtOne) {
  Histogram a, b;
  a.Add(10);
  b.Add(1000);
  b.Add(1000);
  a.Merge(b);
  const auto points = a.Cumulative();
  ASSERT_EQ(points.size(), 2u);
  EXPECT_DOUBLE_EQ(points[0].second, 1.0 / 3);
  EXPECT_DOUBLE_EQ(points[1].second, 1);
}

}  // namespace
}  // namespace uasio::bench
