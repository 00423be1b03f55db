// A Comparison is several engines at the same work, in turns: A B C A B C, so
// that what disturbs the machine disturbs all.
//
// Errors:    absl::Status; an engine that cannot take part, which is tried once
//            before the rounds of each work, is passed over, and the reason
//            kept.

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

namespace uasio {

struct Plan {
  std::vector<Workload> workloads;
  std::vector<std::string> engines;
  std::vector<size_t> depths;
  std::vector<size_t> queues = {1};
  size_t threads = 0;  // 0: as many as the depth, at most kThreadsMax.
  size_t rounds = 7;
  Job job;  // The rest of it, without the files.
  std::string file;
  size_t files = 0;  // For kSmallFiles, in the folder `file`.
  absl::Duration time_max = absl::InfiniteDuration();
  std::function<bool()> is_interrupted;  // Ends early when that is so.
};

inline constexpr size_t kThreadsMax = 256;  // Where the depth decides.

// One engine's share of one round.
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
  std::vector<std::string> notes;  // Who was passed over, and why.
};

// Told before each row of what follows: "randread, depth 32, 4 queues, round 2:
// worker", and how many of how many are done.
using Watcher =
    std::function<void(absl::string_view what, size_t done, size_t total)>;

// Returns what there is, also with an error.
absl::Status Compare(const Plan& plan, const Watcher& watcher,
                     Results* results);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_COMPARISON_H_
