// Small streams: a file of one block is opened, read or written as a whole, and
// closed, again and again.  An operation is one file.
//
//   stream_default  our Reader and Writer on DefaultQueue().
//   fstream         std::ifstream and std::ofstream.
//   pread           open(2), fstat(2), pread(2) and close(2).

#ifndef UASIO_TOOLS_BENCH_SMALL_STREAMS_ENGINE_H_
#define UASIO_TOOLS_BENCH_SMALL_STREAMS_ENGINE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "tools/bench/engine.h"

namespace uasio::bench {

// An engine for IsSmallStream() workloads.  `name` is one of EngineNames();
// those that are not above support none.
std::unique_ptr<Engine> NewSmallStreamsEngine(absl::string_view name);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_SMALL_STREAMS_ENGINE_H_
