// An Engine performs a Job with one I/O interface and measures it.
//
// Threads:   one.
// Blocks:    Measure() for the job's duration, Supports() for a trial.
// Errors:    absl::Status; Supports() says why an engine must be skipped.

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

namespace uasio::bench {

struct Measurement {
  double ops_per_s = 0;
  double mib_per_s = 0;
  double cpu_us_per_op = 0;    // User and system, of the whole process.
  double process_threads = 0;  // All, amid the measurement; 0: unknown.
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  Histogram latency;  // Empty if only the percentiles are known (fio).
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Tries the set-up of Measure(): returns the error if the system refuses it
  // or lacks a resource.  For fio this is a short run.
  virtual absl::Status Supports(const Job& job) const = 0;

  // Performs `job` for its duration.
  // REQUIRES: Supports(job) is OK.
  virtual absl::StatusOr<Measurement> Measure(const Job& job) = 0;
};

// Ours first, then the peers.
std::vector<std::string> EngineNames();
std::unique_ptr<Engine> NewEngine(absl::string_view name);  // Or nullptr.

// With two files a block is two operations and counts once.
double MibPerSecond(const Job& job, double ops_per_s);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_ENGINE_H_
