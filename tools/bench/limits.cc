#include "tools/bench/limits.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "asio/buffer.h"

namespace uasio {
namespace {

// At the most; else half of what the kernel would give to everybody.
constexpr uint64_t kThreadsLimit = 32768;

// `fallback` where there is no such file.
uint64_t NumberIn(const char* path, uint64_t fallback) {
  std::ifstream file(path);
  uint64_t number;
  return file >> number ? number : fallback;
}

// Whose requests the kernel counts.
bool IsKaio(absl::string_view engine) {
  return engine == "kaio" || engine == "stream_kaio" || engine == "io_submit" ||
         engine == "fio_libaio";
}

// Who has job.threads for each queue, with a block each if they pread.
bool HasThreadsOfItsOwn(absl::string_view engine) {
  return absl::EndsWith(engine, "pread_threads") || engine == "mutex_queue" ||
         engine == "stream_worker";
}

uint64_t ThreadsOf(absl::string_view engine, const Job& job) {
  return HasThreadsOfItsOwn(engine) ? job.queues * (job.threads + 1)
                                    : job.queues + job.threads;
}

// As many as the streams' queues may have.
uint64_t StreamBuffers(const Job& job) {
  if (job.workload != Workload::kScatter) return job.depth + 2;
  return ScatterRequests(job.depth);
}

uint64_t BuffersOf(absl::string_view engine, const Job& job) {
  uint64_t each = job.depth;
  if (absl::EndsWith(engine, "pread_threads")) each = job.threads;
  if (absl::StartsWith(engine, "stream_")) each = StreamBuffers(job);
  return job.queues * each * RoundUp(job.block_bytes, kBufferAlignment);
}

absl::Status TooMuch(const Job& job, uint64_t needed, absl::string_view what,
                     uint64_t max, absl::string_view whose) {
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
        // Each has two: its stack, and the guard of that.
        "/proc/sys/vm/max_map_count", "/sys/fs/cgroup/pids.max"}) {
    limits.threads = std::min(limits.threads, NumberIn(path, UINT64_MAX) / 2);
  }
  return limits;
}

absl::Status CheckLimits(absl::string_view engine, const Job& job,
                         const Limits& limits) {
  if (IsKaio(engine) && job.queues * job.depth > limits.kaio_requests) {
    return TooMuch(job, job.queues * job.depth, "requests",
                   limits.kaio_requests, "/proc/sys/fs/aio-max-nr");
  }
  if (ThreadsOf(engine, job) > limits.threads) {
    return TooMuch(job, ThreadsOf(engine, job), "threads", limits.threads,
                   "half of the kernel's limits");
  }
  if (BuffersOf(engine, job) > limits.buffer_bytes) {
    return TooMuch(job, BuffersOf(engine, job), "bytes of buffers",
                   limits.buffer_bytes, "asio_bench");
  }
  return absl::OkStatus();
}

}  // namespace uasio
