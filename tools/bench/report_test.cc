#include "tools/bench/report.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace uasio::bench {
namespace {

Row MakeRow(const std::string& engine, size_t round, double ops) {
  Row row = {Workload::kRandRead, engine, 4096, 32, 8, round, {}};
  row.measurement.ops_per_s = ops;
  row.measurement.mib_per_s = ops / 256;
  row.measurement.cpu_us_per_op = 1e6 / ops;
  row.measurement.p50_us = 10;
  row.measurement.p99_us = 20;
  row.measurement.p999_us = 30.5;
  row.measurement.process_threads = 9;
  return row;
}

std::vector<Row> TwoEngines() {
  return {MakeRow("worker", 0, 2000), MakeRow("pread", 0, 1000),
          MakeRow("worker", 1, 200),  MakeRow("pread", 1, 100),
          MakeRow("worker", 2, 2020), MakeRow("pread", 2, 1010)};
}

TEST(ReportTest, CsvHasAHeaderAndARowPerEngineAndRound) {
  EXPECT_EQ(Csv({MakeRow("worker", 3, 2560)}),
            "workload,engine,block_bytes,depth,threads,round,ops_per_s,"
            "mib_per_s,cpu_us_per_op,p50_us,p99_us,p999_us,process_threads\n"
            "randread,worker,4096,32,8,3,2560.0,10.000,390.6250,10.000,20.000,"
            "30.500,9\n");
}

TEST(ReportTest, CsvAppendsTheQueuesColumnOnRequest) {
  Row row = MakeRow("worker", 3, 2560);
  row.queues = 16;
  const std::string plain = Csv({row});
  EXPECT_FALSE(absl::StrContains(plain, "queues"));
  const std::string csv = Csv({row}, /*with_queues=*/true);
  EXPECT_TRUE(absl::StrContains(csv, ",process_threads,queues\n")) << csv;
  EXPECT_TRUE(absl::EndsWith(csv, ",30.500,9,16\n")) << csv;
}

TEST(ReportTest, SummarizesTheRoundsOfEachEngine) {
  const std::vector<Line> lines = SummarizeRows(TwoEngines(), "pread");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].engine, "worker");
  EXPECT_EQ(lines[0].rounds, 3u);
  EXPECT_EQ(lines[0].ops_per_s.median, 2000);
  EXPECT_EQ(lines[0].ops_per_s.min, 200);
  EXPECT_DOUBLE_EQ(lines[0].ratio.median, 2);
  EXPECT_DOUBLE_EQ(lines[0].cpu_ratio, 0.5);
  EXPECT_DOUBLE_EQ(lines[1].ratio.median, 1);
}

TEST(ReportTest, TheTableShowsTheRangeOfTheRatiosAndTheThreads) {
  std::vector<Row> rows = TwoEngines();
  rows[0].measurement.ops_per_s = 1500;
  rows[2].measurement.process_threads = 11;
  rows[1].measurement.process_threads = rows[3].measurement.process_threads =
      rows[5].measurement.process_threads = 0;
  const std::string table = Table({rows, {}}, "pread");
  EXPECT_TRUE(absl::StrContains(table, "   2.000   1.500-2.000 ")) << table;
  EXPECT_TRUE(absl::StrContains(table, "     30.5      11  dist")) << table;
  EXPECT_TRUE(absl::StrContains(table, "     30.5       -  dist")) << table;
  EXPECT_TRUE(
      absl::StrContains(Table({rows, {}}, "kaio"), "       -             -  "))
      << table;
}

TEST(ReportTest, ABaselineThatWasPassedOverGivesNoRatio) {
  EXPECT_EQ(SummarizeRows(TwoEngines(), "kaio")[0].ratio.median, 0);
}

Row MakeIdleRow(const std::string& engine, size_t round) {
  Row row = MakeRow(engine, round, 1);
  row.measurement = {};
  return row;
}

TEST(ReportTest, RoundsWithoutOperationsDoNotCountForTimesPerOperation) {
  std::vector<Row> rows;
  for (size_t round = 0; round < 5; ++round) {
    const bool idle = round < 3;
    rows.push_back(idle ? MakeIdleRow("worker", round)
                        : MakeRow("worker", round, 2000));
    rows.push_back(MakeRow("pread", round, idle ? 500 : 1000));
  }
  const std::vector<Line> lines = SummarizeRows(rows, "pread");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].rounds, 5u);
  EXPECT_EQ(lines[0].ops_per_s.median, 0);
  EXPECT_EQ(lines[0].ratio.median, 0);
  EXPECT_EQ(lines[0].cpu_us_per_op.min, 500);
  EXPECT_EQ(lines[0].p50_us, 10);
  EXPECT_EQ(lines[0].p99_us, 20);
  EXPECT_EQ(lines[0].p999_us, 30.5);
  EXPECT_DOUBLE_EQ(lines[0].cpu_ratio, 0.5);
  EXPECT_DOUBLE_EQ(SummarizeRows(rows, "worker")[1].ratio.median, 0.5);
  EXPECT_DOUBLE_EQ(SummarizeRows(rows, "worker")[1].cpu_ratio, 2);
}

TEST(ReportTest, DepthsHaveSeparateLines) {
  std::vector<Row> rows = {MakeRow("worker", 0, 1), MakeRow("worker", 0, 2)};
  rows[1].depth = 64;
  EXPECT_EQ(SummarizeRows(rows, "worker").size(), 2u);
}

TEST(ReportTest, NumbersOfQueuesHaveSeparateLines) {
  std::vector<Row> rows = {MakeRow("worker", 0, 1), MakeRow("worker", 0, 2)};
  rows[1].queues = 256;
  EXPECT_EQ(SummarizeRows(rows, "worker").size(), 2u);
  const std::string table = Table({rows, {}}, "worker");
  EXPECT_TRUE(absl::StrContains(table, "depth 32, 1 queue, ")) << table;
  EXPECT_TRUE(absl::StrContains(table, "depth 32, 256 queues, ")) << table;
}

TEST(ReportTest, ConditionsDescribeTheWorkloads) {
  Plan plan;
  plan.workloads = {Workload::kRandRead, Workload::kSeqRead,
                    Workload::kSmallFiles};
  plan.files = 77;
  plan.file = "/data";
  const std::string text = Conditions(plan);
  EXPECT_TRUE(absl::StartsWith(text,
                               "4 KiB blocks, O_DIRECT, cold cache, "
                               "file of 0 MiB in /data; 77 files of 4 "
                               "KiB in /data, cold cache; 7 rounds"))
      << text;
  EXPECT_EQ(Conditions(plan, Workload::kNop).size(), 1u);
  EXPECT_EQ(Conditions(plan, Workload::kSmallFiles)[0],
            "77 files of 4 KiB in /data, cold cache");
  EXPECT_TRUE(absl::StrContains(Conditions(plan, Workload::kNop)[0],
                                "7 rounds of 1 s, "));
  EXPECT_TRUE(absl::StrContains(Conditions(plan, Workload::kSmallFiles)[1],
                                "7 rounds, "));
}

TEST(ReportTest, ConditionsOfSmallStreamsNameTheBytes) {
  Plan plan;
  plan.job.block_bytes = 3000;
  plan.job.direct = plan.job.cold = false;
  plan.file = "/data";
  EXPECT_EQ(Conditions(plan, Workload::kSmallWrite)[0],
            "smallwrite of a file of 3000 bytes in /data, buffered, warm "
            "cache");
}

TEST(ReportTest, ConditionsSayWhatComputesBeside) {
  Plan plan;
  plan.workloads = {Workload::kRandRead};
  EXPECT_FALSE(absl::StrContains(Conditions(plan), "beside"));
  plan.beside = 2;
  EXPECT_TRUE(
      absl::StrContains(Conditions(plan), ", beside 2 threads that compute"));
  EXPECT_TRUE(absl::StrContains(Conditions(plan, Workload::kRandRead)[1],
                                ", beside 2 threads that compute"));
}

TEST(ReportTest, TheTableMarksDisturbedLinesAndListsPassedOverEngines) {
  Results results;
  results.rows = TwoEngines();
  results.notes = {"randread: uring passed over: io_uring_setup"};
  const std::string table = Table(results, "pread");
  EXPECT_TRUE(absl::StrContains(table, "disturbed: spread 91%")) << table;
  EXPECT_TRUE(absl::StrContains(table, "uring passed over")) << table;
  EXPECT_TRUE(absl::StrContains(table, "3 rounds")) << table;
  results.rows = {MakeRow("worker", 0, 100), MakeRow("worker", 1, 101)};
  EXPECT_FALSE(absl::StrContains(Table(results, "worker"), "disturbed"));
}

}  // namespace
}  // namespace uasio::bench
