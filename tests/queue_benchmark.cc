// The cost of a request: round trips of no-ops at depth 1 and 32, and 4 KiB
// buffered reads from memory and direct writes to it, with and without order.
// Direct reads by SubmitAndWait() beside plain pread(2), from memory and from
// /var/tmp.
//
//   bazel run -c opt //tests:queue_benchmark

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <vector>

#include "asio/backends/sync.h"
#include "asio/buffer.h"
#include "asio/queue.h"
#include "benchmark/benchmark.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

// Runs the benchmark at each of the depths, with one thread and with four.
template <int... kDepths>
void AtDepths(benchmark::internal::Benchmark* b) {
  b->ArgNames({"depth", "threads"})
      ->ArgsProduct({{kDepths...}, {1, 4}})
      ->UseRealTime()
      ->MeasureProcessCPUTime();
}

constexpr size_t kBlockBytes = 4096;
constexpr size_t kFileBlocks = 16384;

QueueOptions Options(WorkerPool* pool, size_t depth) {
  QueueOptions options;
  options.buffer_bytes = kBlockBytes;
  options.requests_max = options.depth_max = depth;
  options.pool = pool;
  return options;
}

WorkerPoolOptions Threads(size_t threads) {
  WorkerPoolOptions options;
  options.threads_min = options.threads_max = threads;
  return options;
}

// Keeps `depth` requests in flight; `refill` fills in each before its submit.
template <typename Refill>
void RoundTrips(benchmark::State& state, Queue* queue, size_t depth,
                Refill refill) {
  for (size_t i = 0; i < depth; ++i) {
    Request* r = queue->Get();
    refill(r);
    queue->Submit(r);
  }
  for (auto _ : state) {
    Request* r = queue->Wait();
    refill(r);
    queue->Submit(r);
  }
  state.SetItemsProcessed(state.iterations());
  while (Request* r = queue->Wait()) queue->Put(r);
}

void BM_NoOp(benchmark::State& state) {
  const auto depth = static_cast<size_t>(state.range(0));
  WorkerPool pool(Threads(static_cast<size_t>(state.range(1))));
  Queue queue(Options(&pool, depth));
  RoundTrips(state, &queue, depth, [](Request* r) { r->op = Op::kNoOp; });
}
BENCHMARK(BM_NoOp)->Apply(AtDepths<1, 32>);

// The queue alone, without a hand-over to another thread.
void BM_NoOpAtSubmit(benchmark::State& state) {
  Queue queue(Options(nullptr, 32), std::make_unique<SyncBackend>());
  RoundTrips(state, &queue, 32, [](Request* r) { r->op = Op::kNoOp; });
}
BENCHMARK(BM_NoOpAtSubmit)->UseRealTime()->MeasureProcessCPUTime();

// Most requests wait in the backlog, which each call submits from.
void BM_NoOpBacklog(benchmark::State& state) {
  WorkerPool pool(Threads(static_cast<size_t>(state.range(0))));
  QueueOptions options = Options(&pool, 4096);
  options.depth_max = 32;
  Queue queue(options);
  RoundTrips(state, &queue, options.requests_max,
             [](Request* r) { r->op = Op::kNoOp; });
}
BENCHMARK(BM_NoOpBacklog)
    ->ArgNames({"threads"})
    ->ArgsProduct({{1, 4}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

// One call submits a batch; few calls wait for it.
void BM_NoOpBatch(benchmark::State& state) {
  const auto depth = static_cast<size_t>(state.range(0));
  WorkerPool pool(Threads(static_cast<size_t>(state.range(1))));
  Queue queue(Options(&pool, depth));
  std::vector<Request*> batch(depth);
  for (Request*& r : batch) {
    r = queue.Get();
    r->op = Op::kNoOp;
  }
  for (auto _ : state) {
    queue.Submit(batch);
    for (size_t back = 0; back < depth;) {
      back += queue.WaitMany(absl::MakeSpan(batch).subspan(back));
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_NoOpBatch)->Apply(AtDepths<32>);

// Fills a file in memory, which ends with its fd; -1: it cannot be written.
int Fill(int fd) {
  Buffer block = Buffer::Allocate(kBlockBytes);
  for (size_t i = 0; i < kFileBlocks; ++i) {
    if (write(fd, block.data(), kBlockBytes) < 0) return -1;
  }
  return fd;
}

int MemoryFile() { return Fill(memfd_create("queue_benchmark", MFD_CLOEXEC)); }

int DirectFile(const char* folder) {
  return Fill(open(folder, O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600));
}

int DirectMemoryFile() { return DirectFile("/dev/shm"); }

void BM_Read4KiB(benchmark::State& state, Order order) {
  const int fd = MemoryFile();
  const auto depth = static_cast<size_t>(state.range(0));
  WorkerPool pool(Threads(static_cast<size_t>(state.range(1))));
  QueueOptions options = Options(&pool, depth);
  options.order = order;
  {
    Queue queue(options);
    std::minstd_rand random(1);
    RoundTrips(state, &queue, depth, [&](Request* r) {
      r->op = Op::kRead;
      r->fd = fd;
      r->offset = static_cast<int64_t>(random() % kFileBlocks * kBlockBytes);
      r->length = kBlockBytes;
    });
  }
  close(fd);
}
BENCHMARK_CAPTURE(BM_Read4KiB, range, Order::kRange)
    ->Apply(AtDepths<1, 32, 4096>);
BENCHMARK_CAPTURE(BM_Read4KiB, none, Order::kNone)
    ->Apply(AtDepths<1, 32, 4096>);

int64_t RandomOffset(std::minstd_rand* random) {
  return static_cast<int64_t>((*random)() % kFileBlocks * kBlockBytes);
}

// 4 KiB direct reads at depth 1.
void BM_SubmitAndWait(benchmark::State& state, const char* folder) {
  const int fd = DirectFile(folder);
  if (fd < 0) return state.SkipWithError("no direct I/O there");
  {
    Queue queue(Options(nullptr, 1));
    std::minstd_rand random(1);
    Request* r = queue.Get();
    r->op = Op::kRead;
    r->fd = fd;
    r->length = kBlockBytes;
    for (auto _ : state) {
      r->offset = RandomOffset(&random);
      queue.SubmitAndWait(r);
    }
    state.SetItemsProcessed(state.iterations());
  }
  close(fd);
}
BENCHMARK_CAPTURE(BM_SubmitAndWait, memory, "/dev/shm")->UseRealTime();
BENCHMARK_CAPTURE(BM_SubmitAndWait, disk, "/var/tmp")->UseRealTime();

// The same by pread(2).
void BM_Pread(benchmark::State& state, const char* folder) {
  const int fd = DirectFile(folder);
  if (fd < 0) return state.SkipWithError("no direct I/O there");
  const Buffer block = Buffer::Allocate(kBlockBytes);
  std::minstd_rand random(1);
  for (auto _ : state) {
    ssize_t n = pread(fd, block.data(), kBlockBytes, RandomOffset(&random));
    benchmark::DoNotOptimize(n);
  }
  state.SetItemsProcessed(state.iterations());
  close(fd);
}
BENCHMARK_CAPTURE(BM_Pread, memory, "/dev/shm")->UseRealTime();
BENCHMARK_CAPTURE(BM_Pread, disk, "/var/tmp")->UseRealTime();

// Direct writes of consecutive blocks, where none is held, or of random blocks:
// with 4,096 in flight, every fifth overlaps another and is held.
void BM_Write4KiB(benchmark::State& state, Order order, bool consecutive) {
  const int fd = DirectMemoryFile();
  if (fd < 0) return state.SkipWithError("no direct I/O in /dev/shm");
  const auto depth = static_cast<size_t>(state.range(0));
  WorkerPool pool(Threads(static_cast<size_t>(state.range(1))));
  QueueOptions options = Options(&pool, depth);
  options.order = order;
  {
    Queue queue(options);
    std::minstd_rand random(1);
    size_t next = 0;
    RoundTrips(state, &queue, depth, [&](Request* r) {
      const size_t block = consecutive ? next++ : random();
      r->op = Op::kWrite;
      r->fd = fd;
      r->offset = static_cast<int64_t>(block % kFileBlocks * kBlockBytes);
      r->length = kBlockBytes;
    });
  }
  close(fd);
}
BENCHMARK_CAPTURE(BM_Write4KiB, range_consecutive, Order::kRange, true)
    ->Apply(AtDepths<32, 4096>);
BENCHMARK_CAPTURE(BM_Write4KiB, none_consecutive, Order::kNone, true)
    ->Apply(AtDepths<32, 4096>);
BENCHMARK_CAPTURE(BM_Write4KiB, range_random, Order::kRange, false)
    ->Apply(AtDepths<32, 4096>);
BENCHMARK_CAPTURE(BM_Write4KiB, none_random, Order::kNone, false)
    ->Apply(AtDepths<32, 4096>);

}  // namespace
}  // namespace uasio
