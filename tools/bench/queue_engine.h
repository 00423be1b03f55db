// Our own engines: Queues with one of our backends.

#ifndef UASIO_TOOLS_BENCH_QUEUE_ENGINE_H_
#define UASIO_TOOLS_BENCH_QUEUE_ENGINE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "tools/bench/engine.h"

namespace uasio::bench {

// What an engine waits for before it submits more.
enum class Waits {
  kForOne,  // Any completion, in Wait(); it resubmits what has completed.
  kForAll,  // The whole batch, in SubmitAndWait().
};

// `backend` is one of BackendNames().  All queues share a worker pool.
std::unique_ptr<Engine> NewQueueEngine(absl::string_view backend,
                                       Waits waits = Waits::kForOne);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_QUEUE_ENGINE_H_
