// The engines of the workload smallfiles.  Each reads every file once per round
// and is measured from the first file to the last.

#ifndef UASIO_TOOLS_BENCH_SMALL_FILES_ENGINE_H_
#define UASIO_TOOLS_BENCH_SMALL_FILES_ENGINE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "tools/bench/engine.h"

namespace uasio::bench {

// By name:
//   "syslets"        job.depth syslets in flight, run by job.threads threads
//   "pread"          one file after another
//   "pread_threads"  job.depth threads
// An engine of any other name supports no job.
std::unique_ptr<Engine> NewSmallFilesEngine(absl::string_view name);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_SMALL_FILES_ENGINE_H_
