// The round trip of a no-op through a pool of threads, for benchmarks: by the
// plain mutex and semaphore for each queue, by a uasio::WorkQueue, or another
// Way with the same two functions.

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

class Plain {
 public:
  using Item = Work;

  explicit Plain(size_t threads) : pool_(threads) {}
  void Submit(Work* w) {
    w->reply_to = reinterpret_cast<RawQueue*>(&finished_);
    pool_.Submit(w);
  }
  Work* Wait() { return finished_.Get(); }

 private:
  MutexQueue finished_;
  MutexPool pool_;
};

class Ours {
 public:
  using Item = Work;

  explicit Ours(size_t threads) : pool_(Options(threads)), queue_(&pool_) {}
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
template <typename Way>
void BM_RoundTrip(benchmark::State& state) {
  std::vector<typename Way::Item> works(static_cast<size_t>(state.range(1)));
  Way way(static_cast<size_t>(state.range(0)));
  for (typename Way::Item& w : works) {
    w.go = [](auto*, auto*) {};
    way.Submit(&w);
  }
  for (auto _ : state) way.Submit(way.Wait());
  for (size_t i = 0; i < works.size(); ++i) way.Wait();
  state.SetItemsProcessed(state.iterations());
}

// With one and four threads, one at a time and with 32 in flight.
inline void Shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"threads", "depth"})
      ->ArgsProduct({{1, 4}, {1, 32}})
      ->MeasureProcessCPUTime()
      ->UseRealTime();
}

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_ROUND_TRIP_TESTING_H_
