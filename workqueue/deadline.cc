#include "workqueue/deadline.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>

namespace uasio {
namespace {

timespec SplitNanoseconds(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  timespec result = {};
  result.tv_sec = seconds.count();
  result.tv_nsec = (time - seconds).count();
  return result;
}

}  // namespace

timespec ToTimespec(Deadline deadline) noexcept {
  return SplitNanoseconds(std::max(deadline, Deadline()).time_since_epoch());
}

timespec* TimeLeft(Deadline deadline, timespec* storage) noexcept {
  if (deadline == kNoDeadline) return nullptr;
  *storage = {};
  const Deadline now = std::chrono::steady_clock::now();
  if (deadline > now) *storage = SplitNanoseconds(deadline - now);
  return storage;
}

bool PollIn(int fd, Deadline deadline) noexcept {
  pollfd in = {fd, POLLIN, 0};
  while (true) {
    timespec storage;
    const int ready = ppoll(&in, 1, TimeLeft(deadline, &storage), nullptr);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

}  // namespace uasio
