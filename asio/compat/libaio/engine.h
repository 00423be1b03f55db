// An Engine performs the requests of all contexts of a process: a worker pool,
// and one thread that waits for fds.  Both start when they are first needed.
//
// Threads:   any.
// Bounds:    threads_max threads; events_max events for all contexts together
//            (rings are rounded up to whole pages, so they may hold more).

#ifndef UASIO_ASIO_COMPAT_LIBAIO_ENGINE_H_
#define UASIO_ASIO_COMPAT_LIBAIO_ENGINE_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "asio/syscalls/readiness.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace libaio {

struct AioOptions {
  size_t threads_max = 64;
  std::chrono::seconds idle_timeout{10};  // Until an idle thread ends.

  // The bound on the sum of `events` of all contexts, in place of the kernel's
  // /proc/sys/fs/aio-max-nr.
  uint64_t events_max = 1 << 20;

  // Whether io_submit(2) itself performs reads of cached data.  That takes the
  // time to copy the data, but no thread.
  bool cached_reads = true;
};

// Totals since the Aio was made.
struct AioCounts {
  uint64_t contexts = 0;
  uint64_t reads = 0;
  uint64_t cached = 0;  // Reads that io_submit(2) performed itself.
  uint64_t writes = 0;
  uint64_t syncs = 0;
  uint64_t polls = 0;
  uint64_t failed = 0;  // Requests whose result was an error.
};

class Engine {
 public:
  using Counter = std::atomic<uint64_t>;

  explicit Engine(const AioOptions& engine_options)
      : options(engine_options), pool(MakePoolOptions(engine_options)) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const AioOptions options;
  Readiness readiness;
  WorkerPool pool;  // Destroyed before readiness: its threads add watches.

  // As in AioCounts.
  Counter contexts{0}, reads{0}, cached{0}, writes{0}, syncs{0}, polls{0},
      failed{0};

  static void Count(Counter* counter) {
    counter->fetch_add(1, std::memory_order_relaxed);
  }

  AioCounts counts() const {
    return {contexts, reads, cached, writes, syncs, polls, failed};
  }

 private:
  static WorkerPoolOptions MakePoolOptions(const AioOptions& options) {
    WorkerPoolOptions result;
    result.threads_max = options.threads_max;
    result.idle_timeout = options.idle_timeout;
    result.thread_name = "uasio-libaio";
    return result;
  }
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_ENGINE_H_
