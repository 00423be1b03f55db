// Draws results by gnuplot, as SVG and PNG.

#ifndef UASIO_TOOLS_BENCH_PLOT_H_
#define UASIO_TOOLS_BENCH_PLOT_H_

#include <string>

#include "absl/status/status.h"
#include "tools/bench/comparison.h"
#include "tools/bench/report.h"

namespace uasio {

// For each workload, in `folder`, which is made if need be: WORKLOAD_ops and
// WORKLOAD_cpu over the depth, and WORKLOAD_latency at the last depth, each
// with the script that draws it.
absl::Status Plot(const Plan& plan, const Results& results,
                  const std::string& folder);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_PLOT_H_
