// A forked child may destroy a pool whose heap of waiting work the fork caught
// while it grew: between the release of the old memory and the use of the new.

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>

#include "asio/testing/child.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"
#include "workqueue/raw_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

// Stops a thread that has just freed memory.
struct FreeGate {
  Gate freed;
  Gate go_on;
};

thread_local FreeGate* free_gate = nullptr;
void* freed_at_gate = nullptr;  // Leaked, so that nobody else gets it.

void FreeAndStop(void* memory) {
  if (memory != nullptr && memory == freed_at_gate) std::abort();
  if (memory == nullptr || free_gate == nullptr) return std::free(memory);
  FreeGate* const gate = free_gate;
  free_gate = nullptr;
  freed_at_gate = memory;
  gate->freed.Open();
  gate->go_on.Wait();
}

}  // namespace
}  // namespace uasio

void* operator new(size_t size) {
  void* const memory = std::malloc(size > 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { uasio::FreeAndStop(memory); }
void operator delete(void* memory, size_t) noexcept {
  uasio::FreeAndStop(memory);
}

namespace uasio {
namespace {

Job UrgentJob() {
  return Job([](WorkerThread*) {}, /*job_priority=*/1);
}

// Submits `first`, and then `second` with a stop while the heap grows; there
// calls `then`.
template <typename Submit, typename Then>
void StopWhileTheHeapGrows(const Submit& submit, const Then& then) {
  Job first = UrgentJob(), second = UrgentJob();
  submit(&first);
  FreeGate gate;
  std::thread thread([&] {
    free_gate = &gate;
    submit(&second);
  });
  gate.freed.Wait();
  then();
  gate.go_on.Open();
  thread.join();
}

TEST(HeapForkTest, AChildDestroysAQueueWhoseHeapGrows) {
  auto queue = std::make_unique<RawQueue>();
  StopWhileTheHeapGrows([&](Work* w) { queue->Put(w); },
                        [&] {
                          const ChildOutcome child = RunInChild([&] {
                            queue = nullptr;
                            return 0;
                          });
                          EXPECT_EQ(child.status, 0) << child.printed;
                        });
  while (queue->TryGet() != nullptr) {
  }
}

}  // namespace
}  // namespace uasio
