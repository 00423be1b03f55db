// Compare() runs several engines on the same work and interleaves their rounds
// (A B C A B C), so that a disturbance of the machine affects all of them.
//
// Blocks:    for the whole comparison.
// Errors:    absl::Status.  Each engine is probed once per combination, before
//            its rounds; an engine that cannot run is skipped, and the reason
//            goes to Results::notes.

#ifndef UASIO_TOOLS_BENCH_COMPARISON_H_
#define UASIO_TOOLS_BENCH_COMPARISON_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tools/bench/engine.h"

namespace uasio::bench {

struct Plan {
  std::vector<Workload> workloads;
  std::vector<std::string> engines;
  std::vector<size_t> depths;
  std::vector<size_t> queues = {1};
  size_t threads = 0;  // 0: as many as the depth, at most kThreadsMax.
  size_t rounds = 7;
  Job job;            // Settings of all runs; Compare() fills in the files.
  std::string file;   // Where the scratch files go: a folder or a new file.
  size_t files = 0;   // Number of files for kSmallFiles, in the folder `file`.
  size_t beside = 0;  // Threads that compute meanwhile; see beside.h.
  absl::Duration time_max = absl::InfiniteDuration();
  std::function<bool()> is_interrupted;  // True ends the comparison early.
};

// Upper bound on threads if Plan::threads is 0.
inline constexpr size_t kThreadsMax = 256;

// One engine's result in one round.
struct Row {
  Workload workload;
  std::string engine;
  size_t block_bytes;
  size_t depth;
  size_t threads;
  size_t round;  // From 0.
  Measurement measurement;
  size_t queues = 1;
};

struct Results {
  std::vector<Row> rows;
  std::vector<std::string> notes;  // Which engines were skipped, and why.
};

// Called before each row.  `what` is the next row: "randread, depth 32, 4
// queues, round 2: worker"; `done` of `total` rows are finished.
using ProgressCallback =
    std::function<void(absl::string_view what, size_t done, size_t total)>;

// Fills `results`; after an error they hold the rows measured so far.
// `progress` may be nullptr.
absl::Status Compare(const Plan& plan, const ProgressCallback& progress,
                     Results* results);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_COMPARISON_H_
