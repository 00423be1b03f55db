// The loop of io_submit over our emulation of KAIO: what a program gets that
// runs with our libaio in the place of the kernel's calls.

#ifndef UASIO_TOOLS_BENCH_EMULATED_LIBAIO_ENGINE_H_
#define UASIO_TOOLS_BENCH_EMULATED_LIBAIO_ENGINE_H_

#include <memory>

#include "tools/bench/engine.h"

namespace uasio {

// All queues share an emulation of job.threads, as they would in a program.
std::unique_ptr<Engine> NewEmulatedLibaioEngine();

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_EMULATED_LIBAIO_ENGINE_H_
