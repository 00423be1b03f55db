// The pool of threads that the queues of a process share by default.
//
// Threads:   any.
// Ownership: shared by its queues: the first one makes it, and the last one
//            destroys it.  A forked child makes its own.
// Bounds:    kProcessThreadsMax threads.

#ifndef UASIO_ASIO_INTERNAL_PROCESS_POOL_H_
#define UASIO_ASIO_INTERNAL_PROCESS_POOL_H_

#include <cstddef>
#include <memory>

#include "workqueue/worker_pool.h"

namespace uasio::internal {

inline constexpr size_t kProcessThreadsMax = 64;

// Throws std::bad_alloc.
std::shared_ptr<WorkerPool> GetProcessPool();

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_PROCESS_POOL_H_
