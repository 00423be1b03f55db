// The cost of passing work between threads: a raw queue alone, and the round
// trip of a no-op through a pool of one and of four threads, one at a time and
// with 32 in flight, compared with a MutexQueue.

#include <vector>

#include "benchmark/benchmark.h"
#include "workqueue/raw_queue.h"
#include "workqueue/round_trip_testing.h"
#include "workqueue/work.h"

namespace uasio {
namespace {

void PutAndGet(benchmark::State& state, unsigned priority) {
  RawQueue queue;
  std::vector<Work> works(state.range(0));
  for (Work& w : works) {
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

BENCHMARK_TEMPLATE(BM_RoundTrip, ViaMutexQueue)->Apply(ThreadsAndDepths);
BENCHMARK_TEMPLATE(BM_RoundTrip, ViaWorkQueue)->Apply(ThreadsAndDepths);

}  // namespace
}  // namespace uasio
