// The io_submit loop on our emulation of KAIO.  Measures what a program gets
// from our libaio instead of the kernel's system calls.

#ifndef UASIO_TOOLS_BENCH_EMULATED_LIBAIO_ENGINE_H_
#define UASIO_TOOLS_BENCH_EMULATED_LIBAIO_ENGINE_H_

#include <memory>

#include "tools/bench/engine.h"

namespace uasio::bench {

// All queues share one emulation with job.threads threads, as in a program.
std::unique_ptr<Engine> NewEmulatedLibaioEngine();

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_EMULATED_LIBAIO_ENGINE_H_
