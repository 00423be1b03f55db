#include "tools/bench/plot.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "tools/bench/chart.h"

namespace uasio::bench {
namespace {

constexpr char kPngMagic[] = "\x89PNG";

std::string ContentsOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> NamesIn(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".gnuplot") continue;
    names.insert(entry.path().stem().string());
  }
  return names;
}

bool IsGnuplotThere() {
  return std::system("gnuplot --version >/dev/null 2>&1") == 0;
}

Plan PlanOver(std::vector<size_t> depths, std::vector<size_t> queues) {
  Plan plan;
  plan.workloads = {Workload::kRandRead};
  plan.engines = {"worker", "pread_threads"};
  plan.depths = std::move(depths);
  plan.queues = std::move(queues);
  plan.rounds = 2;
  plan.threads = 8;
  plan.file = "/tmp/a_folder";
  return plan;
}

Results ResultsOf(const Plan& plan) {
  Results results;
  for (const std::string& engine : plan.engines) {
    for (size_t depth : plan.depths) {
      for (size_t queues : plan.queues) {
        Row row = {Workload::kRandRead, engine, 4096, depth, 8, 0, {}, queues};
        row.measurement.ops_per_s = 5000.0 * static_cast<double>(depth);
        row.measurement.cpu_us_per_op = 3;
        row.measurement.latency.Add(20000);
        results.rows.push_back(row);
      }
    }
  }
  return results;
}

class PlotTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsGnuplotThere()) GTEST_SKIP() << "gnuplot is not installed";
  }

  std::set<std::string> Draw(const Plan& plan) {
    const absl::Status status = Plot(plan, ResultsOf(plan), folder());
    EXPECT_TRUE(status.ok()) << status;
    return NamesIn(folder());
  }
  std::string folder() const { return scratch_.Path("new/charts"); }

  const Scratch scratch_;
};

TEST_F(PlotTest, OneDepthHasOnlyALatencyChart) {
  EXPECT_EQ(Draw(PlanOver({32}, {1})),
            (std::set<std::string>{"randread_latency"}));
}

TEST_F(PlotTest, SeveralDepthsHaveChartsOverDepth) {
  EXPECT_EQ(Draw(PlanOver({1, 32}, {1})),
            (std::set<std::string>{"randread_latency", "randread_ops",
                                   "randread_cpu"}));
}

TEST_F(PlotTest, SeveralNumbersOfQueuesHaveChartsOverQueues) {
  EXPECT_EQ(Draw(PlanOver({32}, {1, 8})),
            (std::set<std::string>{"randread_latency", "randread_queues_ops",
                                   "randread_queues_cpu"}));
}

TEST_F(PlotTest, SeveralOfBothHaveAChartForEachFixedValue) {
  const std::set<std::string> names = Draw(PlanOver({1, 32}, {1, 8}));
  EXPECT_EQ(names.size(), 9u);
  for (const char* name : {"randread_ops_8queues", "randread_cpu_1queues",
                           "randread_queues_cpu_depth32"}) {
    EXPECT_EQ(names.count(name), 1u) << name;
  }
}

TEST_F(PlotTest, EachIsDrawnAsSvgAndPng) {
  for (const std::string& name : Draw(PlanOver({1, 4096}, {1, 256}))) {
    const std::string path = absl::StrCat(folder(), "/", name);
    EXPECT_TRUE(absl::StrContains(ContentsOf(path + ".svg"), "</svg>")) << name;
    EXPECT_TRUE(absl::StartsWith(ContentsOf(path + ".png"), kPngMagic)) << name;
  }
}

TEST_F(PlotTest, TheChartNamesItsConditions) {
  Draw(PlanOver({4, 1, 32}, {8}));
  const std::string script = ContentsOf(folder() + "/randread_ops.gnuplot");
  for (const char* part :
       {"Random reads: operations per second over depth, 8 queues",
        "thousand operations per second", "8 threads",
        "4 KiB blocks, O_DIRECT, cold cache", "/tmp/a_folder", "median",
        "set logscale x 2", "set xtics (1, 4, 32)", "title \"pread_threads\"",
        "1 5 5 5\n4 20 20 20\n32 160 160 160\n"}) {
    EXPECT_TRUE(absl::StrContains(script, part)) << part << " in\n" << script;
  }
}

TEST_F(PlotTest, ARowWithoutOperationsHasNoPoint) {
  const Plan plan = PlanOver({1, 2, 4}, {1});
  Results results = ResultsOf(plan);
  results.rows[1].measurement.ops_per_s = 0;
  ASSERT_TRUE(Plot(plan, results, folder()).ok());
  EXPECT_TRUE(absl::StrContains(ContentsOf(folder() + "/randread_ops.gnuplot"),
                                "$data0 << EOD\n1 5 5 5\n4 20 20 20\nEOD"));
}

TEST_F(PlotTest, AWideRangeGetsALogarithmicAxis) {
  const Plan plan = PlanOver({1, 2, 4}, {1});
  Results results = ResultsOf(plan);
  results.rows[1].measurement.cpu_us_per_op = 100;
  ASSERT_TRUE(Plot(plan, results, folder()).ok());
  for (const auto& [name, is_log] :
       {std::make_pair("cpu", true), std::make_pair("ops", false)}) {
    const std::string script =
        ContentsOf(absl::StrCat(folder(), "/randread_", name, ".gnuplot"));
    EXPECT_EQ(absl::StrContains(script, "set logscale y"), is_log) << name;
  }
}

TEST_F(PlotTest, TheErrorNamesAFolderThatCannotBeCreated) {
  std::ofstream(scratch_.Path("new")) << "a file";
  const Plan plan = PlanOver({32}, {1});
  const absl::Status status = Plot(plan, ResultsOf(plan), folder());
  EXPECT_TRUE(absl::StrContains(status.message(), "/new/charts")) << status;
}

TEST(ChartTest, GnuplotStringsReplaceUnsafeCharacters) {
  EXPECT_EQ(GnuplotString("a\"b\\c\nd"), "\"a'b/c d\"");
}

TEST(ChartTest, WithoutCurvesNothingIsWritten) {
  const Scratch scratch;
  EXPECT_EQ(DrawChart(Chart{}, scratch.Path(".")), absl::OkStatus());
  EXPECT_TRUE(std::filesystem::is_empty(scratch.Path(".")));
}

}  // namespace
}  // namespace uasio::bench
