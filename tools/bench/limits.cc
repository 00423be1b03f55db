#include "tools/bench/limits.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "asio/buffer.h"

namespace uasio::bench {
namespace {

// Upper bound of Limits::threads, which otherwise is half of the kernel's limit
// for the whole machine.
constexpr uint64_t kThreadsLimit = 32768;

// The number in a file; `fallback` if it cannot be read.
uint64_t NumberIn(const char* path, uint64_t fallback) {
  std::ifstream file(path);
  uint64_t number;
  return file >> number ? number : fallback;
}

// Whose requests count against /proc/sys/fs/aio-max-nr.
bool UsesKaio(absl::string_view engine) {
  return engine == "kaio" || engine == "stream_kaio" || engine == "io_submit" ||
         engine == "fio_libaio";
}

// Engines that start job.threads threads for each queue, not once for all.
bool HasThreadsPerQueue(absl::string_view engine) {
  const bool streams = absl::StartsWith(engine, "stream_");
  return absl::EndsWith(engine, "pread_threads") || engine == "mutex_queue" ||
         (streams && engine != "stream_default");
}

uint64_t ThreadCount(absl::string_view engine, const Job& job) {
  return HasThreadsPerQueue(engine) ? job.queues * (job.threads + 1)
                                    : job.queues + job.threads;
}

// QueueOptions::requests_max of the streams' queues.
uint64_t StreamBufferCount(const Job& job) {
  if (job.workload != Workload::kScatter) return job.depth + 2;
  return ScatterRequests(job.depth);
}

uint64_t BufferBytes(absl::string_view engine, const Job& job) {
  uint64_t each = job.depth;
  if (absl::EndsWith(engine, "pread_threads")) each = job.threads;
  if (absl::StartsWith(engine, "stream_")) each = StreamBufferCount(job);
  return job.queues * each * RoundUp(job.block_bytes, kBufferAlignment);
}

absl::Status LimitExceeded(const Job& job, uint64_t needed,
                           absl::string_view what, uint64_t max,
                           absl::string_view whose) {
  return absl::ResourceExhaustedError(
      absl::StrCat(QueuesText(job.queues), " of depth ", job.depth, " need ",
                   needed, " ", what, "; there are ", max, " (", whose, ")"));
}

}  // namespace

Limits Limits::OfTheMachine() {
  Limits limits;
  const uint64_t max = NumberIn("/proc/sys/fs/aio-max-nr", UINT64_MAX);
  limits.kaio_requests =
      max - std::min(max, NumberIn("/proc/sys/fs/aio-nr", 0));
  limits.threads = kThreadsLimit;
  for (const char* path :
       {"/proc/sys/kernel/threads-max", "/proc/sys/kernel/pid_max",
        // A thread has two mappings: its stack and the guard page.
        "/proc/sys/vm/max_map_count", "/sys/fs/cgroup/pids.max"}) {
    limits.threads = std::min(limits.threads, NumberIn(path, UINT64_MAX) / 2);
  }
  return limits;
}

absl::Status CheckLimits(absl::string_view engine, const Job& job,
                         const Limits& limits) {
  if (UsesKaio(engine) && job.queues * job.depth > limits.kaio_requests) {
    return LimitExceeded(job, job.queues * job.depth, "requests",
                         limits.kaio_requests, "/proc/sys/fs/aio-max-nr");
  }
  if (ThreadCount(engine, job) > limits.threads) {
    return LimitExceeded(job, ThreadCount(engine, job), "threads",
                         limits.threads, "half of the kernel's limits");
  }
  if (BufferBytes(engine, job) > limits.buffer_bytes) {
    return LimitExceeded(job, BufferBytes(engine, job), "bytes of buffers",
                         limits.buffer_bytes, "asio_bench");
  }
  return absl::OkStatus();
}

}  // namespace uasio::bench
