// Our streams as engines: a Reader or Writer passes over the file again and
// again.  An operation is one block.

#ifndef UASIO_TOOLS_BENCH_STREAM_ENGINE_H_
#define UASIO_TOOLS_BENCH_STREAM_ENGINE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "tools/bench/engine.h"

namespace uasio::bench {

// `backend` is one of BackendNames().
std::unique_ptr<Engine> NewStreamEngine(absl::string_view backend);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_STREAM_ENGINE_H_
