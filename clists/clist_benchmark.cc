// Clist beside std::list: adding and removing, and walking.

#include <list>
#include <vector>

#include "benchmark/benchmark.h"
#include "clists/clist.h"

namespace uasio {
namespace {

struct Item {
  int value = 1;
  Cnode node = {};
};

using ItemList = Clist<Item, &Item::node>;

// One element goes around: off the head, onto the tail.
void BM_ClistRotate(benchmark::State& state) {
  std::vector<Item> items(state.range(0));
  ItemList list;
  for (Item& item : items) list.AddTail(&item);
  for (auto _ : state) list.AddTail(list.RemoveHead());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ClistRotate)->Arg(1)->Arg(1000);

void BM_StdListRotate(benchmark::State& state) {
  std::list<Item> list(state.range(0));
  for (auto _ : state) {
    const Item item = list.front();
    list.pop_front();
    list.push_back(item);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_StdListRotate)->Arg(1)->Arg(1000);

void BM_ClistAddRemove(benchmark::State& state) {
  ItemList list;
  Item item;
  for (auto _ : state) {
    list.AddTail(&item);
    benchmark::DoNotOptimize(list.head());
    list.Remove(&item);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ClistAddRemove);

void BM_StdListAddRemove(benchmark::State& state) {
  std::list<Item> list;
  for (auto _ : state) {
    list.emplace_back();
    benchmark::DoNotOptimize(list.front());
    list.pop_back();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_StdListAddRemove);

template <typename List>
void Walk(const List& list, benchmark::State* state) {
  for (auto _ : *state) {
    int sum = 0;
    for (const Item& item : list) sum += item.value;
    benchmark::DoNotOptimize(sum);
  }
  state->SetItemsProcessed(state->iterations() * state->range(0));
}

void BM_ClistWalk(benchmark::State& state) {
  std::vector<Item> items(state.range(0));
  ItemList list;
  for (Item& item : items) list.AddTail(&item);
  Walk(list, &state);
}
BENCHMARK(BM_ClistWalk)->Arg(1000);

void BM_StdListWalk(benchmark::State& state) {
  const std::list<Item> list(state.range(0));
  Walk(list, &state);
}
BENCHMARK(BM_StdListWalk)->Arg(1000);

}  // namespace
}  // namespace uasio
