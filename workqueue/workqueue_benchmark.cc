// What it costs to pass a piece of work on: a raw queue alone, and the round
// trip of a no-op through a pool of one and of four threads, one at a time and
// with 32 in flight, beside the plain mutex and semaphore of mutex_queue.h.

#include <vector>

#include "benchmark/benchmark.h"
#include "workqueue/mutex_queue_testing.h"
#include "workqueue/raw_queue.h"
#include "workqueue/work.h"
#include "workqueue/work_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

void PutAndGet(benchmark::State& state, unsigned priority) {
  RawQueue queue;
  std::vector<work> works(state.range(0));
  for (work& w : works) {
    w.priority = priority;
    queue.Put(&w);
  }
  for (auto _ : state) queue.Put(queue.TryGet());
  state.SetItemsProcessed(state.iterations());
}

void BM_RawQueueFifo(benchmark::State& state) { PutAndGet(state, 0); }
BENCHMARK(BM_RawQueueFifo)->ArgName("length")->Arg(1)->Arg(32);

void BM_RawQueuePriority(benchmark::State& state) { PutAndGet(state, 1); }
BENCHMARK(BM_RawQueuePriority)->ArgName("length")->Arg(1)->Arg(32);

// The two ways to send work on a round trip.
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

class Ours {
 public:
  explicit Ours(size_t threads)
      : pool_([&] {
          WorkerPoolOptions options;
          options.threads_min = options.threads_max = threads;
          return options;
        }()),
        queue_(&pool_) {}
  void Submit(work* w) { queue_.Submit(w); }
  work* Wait() { return queue_.Wait(); }

 private:
  WorkerPool pool_;
  WorkQueue queue_;
};

// Keeps `depth` works in flight: waits for one, submits it again.
template <typename Way>
void BM_RoundTrip(benchmark::State& state) {
  std::vector<work> works(state.range(1));
  Way way(state.range(0));
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
BENCHMARK_TEMPLATE(BM_RoundTrip, Ours)->Apply(Shapes);

}  // namespace
}  // namespace uasio
