// For benchmarks: the round trip of a no-op through a pool of threads, by a
// MutexQueue, by a WorkQueue, or by another class `Via` with the same
// functions.

#ifndef UASIO_WORKQUEUE_ROUND_TRIP_TESTING_H_
#define UASIO_WORKQUEUE_ROUND_TRIP_TESTING_H_

#include <cstddef>
#include <vector>

#include "benchmark/benchmark.h"
#include "workqueue/mutex_queue_testing.h"
#include "workqueue/work.h"
#include "workqueue/work_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {

class ViaMutexQueue {
 public:
  using Item = Work;

  explicit ViaMutexQueue(size_t threads) : pool_(threads) {}
  void Submit(Work* w) {
    w->reply_to = reinterpret_cast<RawQueue*>(&finished_);
    pool_.Submit(w);
  }
  Work* Wait() { return finished_.Get(); }

 private:
  MutexQueue finished_;
  MutexPool pool_;
};

class ViaWorkQueue {
 public:
  using Item = Work;

  explicit ViaWorkQueue(size_t threads)
      : pool_(Options(threads)), queue_(&pool_) {}
  void Submit(Work* w) { queue_.Submit(w); }
  Work* Wait() { return queue_.Wait(); }

 private:
  static WorkerPoolOptions Options(size_t threads) {
    WorkerPoolOptions options;
    options.threads_min = options.threads_max = threads;
    return options;
  }

  WorkerPool pool_;
  WorkQueue queue_;
};

// Keeps `depth` works in flight: waits for one, submits it again.
template <typename Via>
void BM_RoundTrip(benchmark::State& state) {
  std::vector<typename Via::Item> works(static_cast<size_t>(state.range(1)));
  Via via(static_cast<size_t>(state.range(0)));
  for (typename Via::Item& w : works) {
    w.go = [](auto*, auto*) {};
    via.Submit(&w);
  }
  for (auto _ : state) via.Submit(via.Wait());
  for (size_t i = 0; i < works.size(); ++i) via.Wait();
  state.SetItemsProcessed(state.iterations());
}

// One and four threads; one work at a time, and 32 in flight.
inline void ThreadsAndDepths(benchmark::internal::Benchmark* b) {
  b->ArgNames({"threads", "depth"})
      ->ArgsProduct({{1, 4}, {1, 32}})
      ->MeasureProcessCPUTime()
      ->UseRealTime();
}

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_ROUND_TRIP_TESTING_H_
