// Draws results by gnuplot, as SVG and PNG.

#ifndef UASIO_TOOLS_BENCH_PLOT_H_
#define UASIO_TOOLS_BENCH_PLOT_H_

#include <string>

#include "absl/status/status.h"
#include "tools/bench/comparison.h"
#include "tools/bench/report.h"

namespace uasio {

// Makes `folder`, with those above it, unless it is there.
absl::Status MakePlotFolder(const std::string& folder);

// For each workload, in `folder`, which is made with those above it if need be,
// each with the script that draws it:
//
//   WORKLOAD_ops, WORKLOAD_cpu    over the depth, where there are several
//   WORKLOAD_queues_ops, ..._cpu  over the queues, where there are several
//   WORKLOAD_latency              at the last depth and number of queues
//
// With several of both, there is a chart over one for each of the other:
// WORKLOAD_ops_4queues, WORKLOAD_queues_ops_depth32.
absl::Status Plot(const Plan& plan, const Results& results,
                  const std::string& folder);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_PLOT_H_
