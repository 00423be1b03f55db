// The engines of the workload smallfiles: each reads every file once, in its
// own way, and is measured from the first to the last.

#ifndef UASIO_TOOLS_BENCH_SMALL_FILES_ENGINE_H_
#define UASIO_TOOLS_BENCH_SMALL_FILES_ENGINE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "tools/bench/engine.h"

namespace uasio {

// "syslets": job.depth in flight, of which job.threads are at work at a time.
// "pread": one file after the other.  "pread_threads": job.depth plain threads.
// All others support no job.
std::unique_ptr<Engine> NewSmallFilesEngine(absl::string_view name);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_SMALL_FILES_ENGINE_H_
