// Draws results with gnuplot, as SVG and PNG.

#ifndef UASIO_TOOLS_BENCH_PLOT_H_
#define UASIO_TOOLS_BENCH_PLOT_H_

#include <string>

#include "absl/status/status.h"
#include "tools/bench/comparison.h"
#include "tools/bench/report.h"

namespace uasio::bench {

// Creates `folder` and its parents if they do not exist.
absl::Status MakePlotFolder(const std::string& folder);

// Writes these charts, each with its gnuplot script, for each workload into
// `folder`, which is created if it does not exist:
//
//   WORKLOAD_ops, WORKLOAD_cpu    over the depth, if the plan has several
//   WORKLOAD_queues_ops, ..._cpu  over the queues, if the plan has several
//   WORKLOAD_latency              at the last depth and number of queues
//
// If the plan has several of both, there is one chart over the depth for each
// number of queues (WORKLOAD_ops_4queues), and the other way round
// (WORKLOAD_queues_ops_depth32).
absl::Status Plot(const Plan& plan, const Results& results,
                  const std::string& folder);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_PLOT_H_
