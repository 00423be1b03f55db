// Converts a user's absl::Duration to a Deadline.
//
// Threads:   any.

#ifndef UASIO_ASIO_INTERNAL_TO_DEADLINE_H_
#define UASIO_ASIO_INTERNAL_TO_DEADLINE_H_

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"
#include "workqueue/deadline.h"

namespace uasio {
namespace internal {

// Longer timeouts are cut to this, unless infinite, so that the sum with the
// current time does not overflow.
inline constexpr absl::Duration kTimeoutMax = absl::Hours(24 * 365);

// The point of time at which `timeout`, which begins now, is over:
// - kNoDeadline, if it is infinite;
// - kDontWait, if it is not positive.
inline Deadline ToDeadline(absl::Duration timeout) {
  if (timeout == absl::InfiniteDuration()) return kNoDeadline;
  if (timeout <= absl::ZeroDuration()) return kDontWait;
  return std::chrono::steady_clock::now() +
         absl::ToChronoNanoseconds(std::min(timeout, kTimeoutMax));
}

}  // namespace internal
}  // namespace uasio

#endif  // UASIO_ASIO_INTERNAL_TO_DEADLINE_H_
