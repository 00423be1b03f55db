// Measures the cost of a FileOrder per request: each iteration removes the
// oldest request in flight and adds a new one.

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "asio/internal/order.h"
#include "benchmark/benchmark.h"

namespace uasio::internal {
namespace {

using Kind = OrderNode::Kind;

constexpr int64_t kBlockBytes = 64 << 10;

// Adds and removes nodes; fill(i, node) sets up the i-th.
template <typename Fill>
void Run(benchmark::State& state, Fill fill) {
  std::vector<OrderNode> nodes(static_cast<size_t>(state.range(0)));
  FileOrder order;
  uint64_t count = 0;
  uint64_t released = 0;
  const auto release = [&](OrderNode*) { ++released; };
  for (OrderNode& node : nodes) {
    fill(count++, &node);
    order.Add(&node);
  }
  for (auto _ : state) {
    OrderNode* node = &nodes[count % nodes.size()];
    order.Remove(node, release);
    fill(count++, node);
    order.Add(node);
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    order.Remove(&nodes[count++ % nodes.size()], release);
  }
  state.counters["held"] = benchmark::Counter(static_cast<double>(released) /
                                              static_cast<double>(count));
}

void SetRange(OrderNode* node, Kind kind, uint64_t block) {
  node->kind = kind;
  node->begin = static_cast<int64_t>(block) * kBlockBytes;
  node->end = node->begin + kBlockBytes;
}

void BM_ReadsAlone(benchmark::State& state) {
  Run(state, [](uint64_t i, OrderNode* node) {
    SetRange(node, Kind::kRead, i % 1000000);
  });
}
BENCHMARK(BM_ReadsAlone)->Arg(32)->Arg(4096);

void BM_DisjointWrites(benchmark::State& state) {
  Run(state, [](uint64_t i, OrderNode* node) {
    SetRange(node, Kind::kWrite, i % 1000000);
  });
}
BENCHMARK(BM_DisjointWrites)->Arg(32)->Arg(4096);

// All on one block, of which one runs.
void BM_OneHotBlock(benchmark::State& state) {
  Run(state,
      [](uint64_t, OrderNode* node) { SetRange(node, Kind::kWrite, 0); });
}
BENCHMARK(BM_OneHotBlock)->Arg(32)->Arg(4096)->Arg(16000);

// The same, with 15 reads for each write.
void BM_OneHotBlockMostlyRead(benchmark::State& state) {
  Run(state, [](uint64_t i, OrderNode* node) {
    SetRange(node, i % 16 == 0 ? Kind::kWrite : Kind::kRead, 0);
  });
}
BENCHMARK(BM_OneHotBlockMostlyRead)->Arg(32)->Arg(4096)->Arg(16000);

// Reads and writes at random blocks; "held" is the fraction that had to wait.
void BM_Mixed(benchmark::State& state) {
  std::mt19937_64 random(1);
  const uint64_t blocks = 16 * static_cast<uint64_t>(state.range(0));
  Run(state, [&](uint64_t, OrderNode* node) {
    const uint64_t dice = random();
    SetRange(node, dice % 2 == 0 ? Kind::kRead : Kind::kWrite,
             (dice >> 1) % blocks);
  });
}
BENCHMARK(BM_Mixed)->Arg(32)->Arg(4096);

void BM_Exclusives(benchmark::State& state) {
  Run(state, [](uint64_t, OrderNode* node) { node->kind = Kind::kExclusive; });
}
BENCHMARK(BM_Exclusives)->Arg(32)->Arg(4096);

}  // namespace
}  // namespace uasio::internal
