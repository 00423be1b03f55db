// The peers that are part of this process, one file each: the plainest good
// use of their interface, so that what is compared is the interface.

#ifndef UASIO_TOOLS_BENCH_DRIVERS_H_
#define UASIO_TOOLS_BENCH_DRIVERS_H_

#include <memory>

#include "tools/bench/driver.h"

namespace uasio {

// One thread that preads, or pwrites, one block after the other.
std::unique_ptr<Driver> NewPreadDriver();

// job.threads of them.
std::unique_ptr<Driver> NewPreadThreadsDriver();

// glibc's aio_read(3), with an fd, and so a thread, for each of job.threads.
std::unique_ptr<Driver> NewPosixAioDriver();

// io_submit(2) and io_getevents(2), in batches.
std::unique_ptr<Driver> NewIoSubmitDriver();

// liburing, submitting and waiting in one call; with registered buffers.
std::unique_ptr<Driver> NewLiburingDriver();
std::unique_ptr<Driver> NewLiburingFixedDriver();

// job.threads behind a list with a mutex and a semaphore, which do nothing.
std::unique_ptr<Driver> NewMutexQueueDriver();

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_DRIVERS_H_
