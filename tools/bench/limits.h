// Limits are the resources that the machine has for one engine.  An engine that
// needs more is skipped before its rounds instead of failing within one.
//
// Errors:    absl::Status, which names the need, the limit and its source.

#ifndef UASIO_TOOLS_BENCH_LIMITS_H_
#define UASIO_TOOLS_BENCH_LIMITS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/bench/job.h"

namespace uasio::bench {

// Of all buffers of one engine.
inline constexpr uint64_t kBufferBytesMax = uint64_t{4} << 30;

struct Limits {
  uint64_t buffer_bytes = kBufferBytesMax;
  uint64_t kaio_requests = 0;  // Still free of /proc/sys/fs/aio-max-nr.
  uint64_t threads = 0;        // That a process can probably start.

  static Limits OfTheMachine();
};

// `engine` is one of EngineNames().
absl::Status CheckLimits(absl::string_view engine, const Job& job,
                         const Limits& limits);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_LIMITS_H_
