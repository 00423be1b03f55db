// What is printed of results: a table to read, and rows for programs.

#ifndef UASIO_TOOLS_BENCH_REPORT_H_
#define UASIO_TOOLS_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/bench/comparison.h"
#include "tools/bench/statistics.h"

namespace uasio {

// Rounds that are further apart than this were disturbed.
inline constexpr double kSpreadMax = 0.10;

// All rounds of an engine at one work.
struct Line {
  Workload workload;
  std::string engine;
  size_t depth = 0;
  size_t threads = 0;
  size_t queues = 0;
  size_t rounds = 0;
  Summary ops_per_s;
  double mib_per_s = 0;   // This and what follows: medians.
  Summary cpu_us_per_op;  // This and the rest: of rounds with operations.
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double ratio = 0;      // Of ops/s to the baseline's, round by round; 0: none.
  double cpu_ratio = 0;  // Of CPU per operation.
  Histogram latency;
};

// In the order of the rows.
std::vector<Line> Sum(const std::vector<Row>& rows, absl::string_view baseline);

std::string Table(const Results& results, absl::string_view baseline);

// With a header; one row per engine and round.  With the numbers of queues,
// where there are several, in one more column.
std::string Csv(const std::vector<Row>& rows, bool with_queues = false);

// The conditions, in one line: "4 KiB blocks, O_DIRECT, ...".
std::string Conditions(const Plan& plan);
// Those of one workload, without what is varied, in a few lines.
std::vector<std::string> Conditions(const Plan& plan, Workload workload);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_REPORT_H_
