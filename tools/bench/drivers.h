// The peers that run in this process, one file each.  Each uses its interface
// in the simplest good way, so that the interfaces are what is compared.

#ifndef UASIO_TOOLS_BENCH_DRIVERS_H_
#define UASIO_TOOLS_BENCH_DRIVERS_H_

#include <memory>

#include "tools/bench/driver.h"

namespace uasio::bench {

// One thread that calls pread(2) or pwrite(2) for one block after another.
std::unique_ptr<Driver> NewPreadDriver();

// job.threads such threads.
std::unique_ptr<Driver> NewPreadThreadsDriver();

// glibc's aio_read(3) on job.threads fds; glibc runs one thread per fd.
std::unique_ptr<Driver> NewPosixAioDriver();

// io_submit(2) and io_getevents(2), in batches.
std::unique_ptr<Driver> NewIoSubmitDriver();

// liburing, which submits and waits in one call; Fixed: with registered
// buffers.
std::unique_ptr<Driver> NewLiburingDriver();
std::unique_ptr<Driver> NewLiburingFixedDriver();

// job.threads threads that take no-ops from a list with a mutex and a semaphore
// and send them back the same way.
std::unique_ptr<Driver> NewMutexQueueDriver();

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_DRIVERS_H_
