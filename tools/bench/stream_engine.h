// Our streams as engines: a Reader or Writer passes over the file again and
// again.  With several queues, each stream passes over a part of it of its own.
// An operation is one block.

#ifndef UASIO_TOOLS_BENCH_STREAM_ENGINE_H_
#define UASIO_TOOLS_BENCH_STREAM_ENGINE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "tools/bench/engine.h"

namespace uasio::bench {

// `backend` is one of BackendNames(): each stream has a queue of its own, and
// that has a pool of its own.  Or "": DefaultQueue(), and the process's pool.
std::unique_ptr<Engine> NewStreamEngine(absl::string_view backend);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_STREAM_ENGINE_H_
