// How system calls are told to wait until a deadline.
//
// Threads:   any.

#ifndef UASIO_ASIO_INTERNAL_DEADLINE_H_
#define UASIO_ASIO_INTERNAL_DEADLINE_H_

#include <time.h>

#include "absl/time/time.h"

namespace uasio::internal {

// The time from now until `deadline`, none if it has passed, in `*storage`,
// which it returns; nullptr, which system calls take for ever, for
// absl::InfiniteFuture().
timespec* TimeLeft(absl::Time deadline, timespec* storage);

// Waits until `fd` is readable; retries EINTR.  False: not by `deadline`.
bool PollIn(int fd, absl::Time deadline);

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_DEADLINE_H_
