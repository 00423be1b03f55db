// Formats results: a table for people, CSV for programs.

#ifndef UASIO_TOOLS_BENCH_REPORT_H_
#define UASIO_TOOLS_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/bench/comparison.h"
#include "tools/bench/statistics.h"

namespace uasio::bench {

// Rounds whose (max - min) / median exceeds this are marked as disturbed.
inline constexpr double kSpreadMax = 0.10;

// One line of the table: all rounds of one engine at one workload, depth and
// number of queues.
struct Line {
  Workload workload;
  std::string engine;
  size_t depth = 0;
  size_t threads = 0;
  size_t queues = 0;
  size_t rounds = 0;
  Summary ops_per_s;
  double process_threads = 0;  // The most; 0: unknown.
  double mib_per_s = 0;        // Median.

  // Of the rounds that completed operations; the percentiles are medians.
  Summary cpu_us_per_op;
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;

  // To the baseline, round by round; 0: none.
  Summary ratio;         // Of ops/s.
  double cpu_ratio = 0;  // Of CPU time per operation; median.

  Histogram latency;  // Of all rounds.
};

// One Line per engine and combination, in the order of the rows.
std::vector<Line> SummarizeRows(const std::vector<Row>& rows,
                                absl::string_view baseline);

std::string Table(const Results& results, absl::string_view baseline);

// A header, then one line per row.  `with_queues` appends the column "queues".
std::string Csv(const std::vector<Row>& rows, bool with_queues = false);

// The conditions of all workloads in one line: "4 KiB blocks, O_DIRECT, ...".
std::string Conditions(const Plan& plan);
// The conditions of one workload, without depths and queues, in a few lines.
std::vector<std::string> Conditions(const Plan& plan, Workload workload);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_REPORT_H_
