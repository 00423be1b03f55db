// An Engine does a Job in its own way and tells what that took.
//
// Threads:   one.
// Errors:    absl::Status; Supports() says why an engine is passed over.

#ifndef UASIO_TOOLS_BENCH_ENGINE_H_
#define UASIO_TOOLS_BENCH_ENGINE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/bench/histogram.h"
#include "tools/bench/job.h"

namespace uasio {

struct Measurement {
  double ops_per_s = 0;
  double mib_per_s = 0;
  double cpu_us_per_op = 0;  // User and system, of the whole process.
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  Histogram latency;  // Empty where only the percentiles are known.
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Tries what Measure() needs, so that what the system refuses or has spent is
  // known before.
  // Blocks: for as long as that takes, fio's start among it.
  virtual absl::Status Supports(const Job& job) const = 0;

  // Does `job` until its time is over.
  // REQUIRES: Supports(job) is OK.
  virtual absl::StatusOr<Measurement> Measure(const Job& job) = 0;
};

// Ours first, then the peers.
std::vector<std::string> EngineNames();
std::unique_ptr<Engine> NewEngine(absl::string_view name);  // Or nullptr.

// MiB/s of that many operations; with two files, each block is two.
double MibPerSecond(const Job& job, double ops_per_s);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_ENGINE_H_
