// FdUsers counts, for each fd of the process, the queues that have requests in
// flight on it or use it, so that a File can tell whether it may be closed.
//
// Threads:   any.
// Ownership: the process's; the counters are never freed.  In a forked child
//            all are 0, because its queues are the parent's.
// Cost:      a counter has a cache line of its own, so that queues on different
//            fds do not slow each other down.
// Bounds:    fds below kFdsMax; 16 KiB for each 256 of these, allocated at the
//            first use of one.
// Errors:    where there is no counter, an fd has no users.

#ifndef UASIO_ASIO_SYSCALLS_FD_USERS_H_
#define UASIO_ASIO_SYSCALLS_FD_USERS_H_

#include <atomic>
#include <cstddef>

namespace uasio {

using FdUsers = std::atomic<int>;

inline constexpr size_t kFdsMax = size_t{1} << 20;

// The counter of `fd`, to be changed by those who use the fd.  nullptr: the fd
// is not below kFdsMax, or there is no memory.
FdUsers* GetFdUsers(int fd);

// Whether some queue of this process has requests in flight on `fd`, or uses
// it.
bool HasFdUsers(int fd);

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_FD_USERS_H_
