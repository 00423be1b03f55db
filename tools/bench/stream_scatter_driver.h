// Our streams for kScatter: one Reader and a Writer per place, on one queue.

#ifndef UASIO_TOOLS_BENCH_STREAM_SCATTER_DRIVER_H_
#define UASIO_TOOLS_BENCH_STREAM_SCATTER_DRIVER_H_

#include <memory>
#include <string>

#include "tools/bench/driver.h"

namespace uasio::bench {

// `backend` is one of BackendNames().
std::unique_ptr<Driver> NewStreamScatterDriver(const std::string& backend);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_STREAM_SCATTER_DRIVER_H_
