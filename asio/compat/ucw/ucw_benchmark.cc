// The cost of a no-op through work_submit() and work_wait(), with one and four
// threads, one at a time and with 32 in flight, compared with a MutexQueue and
// with a uasio::WorkQueue.
//
// On a quiet machine, with interleaved repetitions:
//
//   ucw_benchmark --benchmark_enable_random_interleaving=true
//       --benchmark_repetitions=11 --benchmark_report_aggregates_only=true

#include <cstddef>

#include "benchmark/benchmark.h"
#include "ucw/workqueue.h"
#include "workqueue/round_trip_testing.h"

namespace uasio {
namespace {

class ViaUcw {
 public:
  using Item = work;

  explicit ViaUcw(size_t threads) {
    pool_.num_threads = static_cast<unsigned>(threads);
    worker_pool_init(&pool_);
    work_queue_init(&pool_, &queue_);
  }
  ~ViaUcw() {
    work_queue_cleanup(&queue_);
    worker_pool_cleanup(&pool_);
  }
  void Submit(work* w) { work_submit(&queue_, w); }
  work* Wait() { return work_wait(&queue_); }

 private:
  worker_pool pool_ = {};
  work_queue queue_;
};

BENCHMARK_TEMPLATE(BM_RoundTrip, ViaMutexQueue)->Apply(ThreadsAndDepths);
BENCHMARK_TEMPLATE(BM_RoundTrip, ViaUcw)->Apply(ThreadsAndDepths);
BENCHMARK_TEMPLATE(BM_RoundTrip, ViaWorkQueue)->Apply(ThreadsAndDepths);

}  // namespace
}  // namespace uasio
