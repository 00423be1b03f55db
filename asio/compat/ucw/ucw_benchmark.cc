// What a no-op costs through work_submit() and work_wait(), with one and four
// threads, one at a time and with 32 in flight: beside the plain mutex and
// semaphore for each queue, and beside the uasio::WorkQueue that C++ has.
//
// On a quiet machine, repetitions in turn:
//
//   ucw_benchmark --benchmark_enable_random_interleaving=true
//       --benchmark_repetitions=11 --benchmark_report_aggregates_only=true

#include <cstddef>
#include <vector>

#include "benchmark/benchmark.h"
#include "ucw/workqueue.h"
#include "workqueue/mutex_queue_testing.h"
#include "workqueue/work_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

class Plain {
 public:
  explicit Plain(size_t threads) : pool_(threads) {}
  void Submit(work* w) {
    w->reply_to = reinterpret_cast<work_queue*>(&finished_);
    pool_.Submit(w);
  }
  work* Wait() { return finished_.Get(); }

 private:
  MutexQueue finished_;
  MutexPool pool_;
};

class Ucw {
 public:
  explicit Ucw(size_t threads) {
    pool_.num_threads = static_cast<unsigned>(threads);
    worker_pool_init(&pool_);
    work_queue_init(&pool_, &queue_);
  }
  ~Ucw() {
    work_queue_cleanup(&queue_);
    worker_pool_cleanup(&pool_);
  }
  void Submit(work* w) { work_submit(&queue_, w); }
  work* Wait() { return work_wait(&queue_); }

 private:
  worker_pool pool_ = {};
  work_queue queue_;
};

class Cxx {
 public:
  explicit Cxx(size_t threads) : pool_(Options(threads)), queue_(&pool_) {}
  void Submit(work* w) { queue_.Submit(w); }
  work* Wait() { return queue_.Wait(); }

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
  std::vector<work> works(static_cast<size_t>(state.range(1)));
  Way way(static_cast<size_t>(state.range(0)));
  for (work& w : works) {
    w.go = [](worker_thread*, work*) {};
    way.Submit(&w);
  }
  for (auto _ : state) way.Submit(way.Wait());
  for (size_t i = 0; i < works.size(); ++i) way.Wait();
  state.SetItemsProcessed(state.iterations());
}

void Shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"threads", "depth"})
      ->ArgsProduct({{1, 4}, {1, 32}})
      ->MeasureProcessCPUTime()
      ->UseRealTime();
}
BENCHMARK_TEMPLATE(BM_RoundTrip, Plain)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_RoundTrip, Ucw)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_RoundTrip, Cxx)->Apply(Shapes);

}  // namespace
}  // namespace uasio
