// Our own engines: Queues with one of our backends.

#ifndef UASIO_TOOLS_BENCH_QUEUE_ENGINE_H_
#define UASIO_TOOLS_BENCH_QUEUE_ENGINE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "tools/bench/engine.h"

namespace uasio::bench {

// `backend` is one of BackendNames().  All queues share a worker pool.
std::unique_ptr<Engine> NewQueueEngine(absl::string_view backend);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_QUEUE_ENGINE_H_
