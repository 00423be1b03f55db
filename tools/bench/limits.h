// Limits are what the machine has for one engine at a time; whoever would need
// more is told so before the round, and does not fail within it.
//
// Errors:    absl::Status, with what is needed, what there is, and whose limit
//            that is.

#ifndef UASIO_TOOLS_BENCH_LIMITS_H_
#define UASIO_TOOLS_BENCH_LIMITS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/bench/job.h"

namespace uasio {

inline constexpr uint64_t kBuffersMax = uint64_t{4} << 30;  // Bytes of all.

struct Limits {
  uint64_t buffer_bytes = kBuffersMax;
  uint64_t kaio_requests = 0;  // What is left of /proc/sys/fs/aio-max-nr.
  uint64_t threads = 0;        // That a process can be expected to start.

  static Limits OfTheMachine();
};

// `engine` is one of EngineNames().
absl::Status CheckLimits(absl::string_view engine, const Job& job,
                         const Limits& limits);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_LIMITS_H_
