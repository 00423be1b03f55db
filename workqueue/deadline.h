// Points in time on the steady clock, which is never set back, and conversions
// for system calls.
//
// Threads:   any.

#ifndef UASIO_WORKQUEUE_DEADLINE_H_
#define UASIO_WORKQUEUE_DEADLINE_H_

#include <time.h>

#include <chrono>

namespace uasio {

using Deadline = std::chrono::steady_clock::time_point;

inline constexpr Deadline kNoDeadline = Deadline::max();  // Waits for ever.
inline constexpr Deadline kDontWait = Deadline::min();

[[nodiscard]] inline bool HasPassed(Deadline deadline) noexcept {
  return deadline == kDontWait ||
         (deadline != kNoDeadline &&
          deadline <= std::chrono::steady_clock::now());
}

// `deadline` on CLOCK_MONOTONIC, for calls that take a point of time.
// REQUIRES: deadline is not kNoDeadline.
[[nodiscard]] timespec ToTimespec(Deadline deadline) noexcept;

// The time left until `deadline`, 0 if it has passed, in `*storage`, which it
// returns; nullptr, with which system calls wait for ever, for kNoDeadline.
[[nodiscard]] timespec* TimeLeft(Deadline deadline, timespec* storage) noexcept;

// Waits until `fd` is readable; retries EINTR.  False: not by `deadline`.
[[nodiscard]] bool PollIn(int fd, Deadline deadline) noexcept;

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_DEADLINE_H_
