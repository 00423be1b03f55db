// What a coroutine costs beside a handler: round trips of no-ops, performed in
// Submit(), so that no other thread is measured.
//
//   bazel run -c opt //tests:coroutine_benchmark

#include <coroutine>
#include <cstdint>
#include <memory>
#include <vector>

#include "asio/backends/sync.h"
#include "asio/coroutine.h"
#include "asio/queue.h"
#include "asio/testing/task.h"
#include "benchmark/benchmark.h"

namespace uasio {
namespace {

constexpr size_t kDepth = 32;

Queue* NewQueue() {
  QueueOptions options;
  options.buffer_bytes = 4096;
  options.requests_max = options.depth_max = kDepth;
  return new Queue(options, std::make_unique<SyncBackend>());
}

struct Counter {
  Queue* queue;
  int64_t left;
};

void CountHandler(Request* request) noexcept {
  Counter* counter = static_cast<Counter*>(request->user_data);
  if (--counter->left >= 0) return counter->queue->Submit(request);
  counter->queue->Put(request);
}

void BM_Handler(benchmark::State& state) {
  const std::unique_ptr<Queue> queue(NewQueue());
  constexpr int64_t kBatch = 10000;
  while (state.KeepRunningBatch(kBatch)) {
    Counter counter{queue.get(), kBatch};
    for (size_t i = 0; i < kDepth; ++i) {
      Request* request = queue->Get();
      request->op = Op::kNoOp;
      request->handler = &CountHandler;
      request->user_data = &counter;
      queue->Submit(request);
    }
    while (queue->in_flight() > 0) queue->RunHandlers();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Handler)->UseRealTime();

Task SubmitTimes(CoroutineQueue* io, int64_t* left) {
  Request* request = co_await io->Get();
  request->op = Op::kNoOp;
  while (--*left >= 0) request = co_await io->Submit(request);
  io->queue()->Put(request);
}

void BM_Coroutine(benchmark::State& state) {
  const std::unique_ptr<Queue> queue(NewQueue());
  CoroutineQueue io(queue.get());
  constexpr int64_t kBatch = 10000;
  while (state.KeepRunningBatch(kBatch)) {
    int64_t left = kBatch;
    std::vector<Task> tasks;
    for (size_t i = 0; i < kDepth; ++i)
      tasks.push_back(SubmitTimes(&io, &left));
    while (io.in_flight() > 0) queue->RunHandlers();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Coroutine)->UseRealTime();

}  // namespace
}  // namespace uasio
