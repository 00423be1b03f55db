#include "asio/internal/deadline.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>

#include "absl/time/clock.h"

namespace uasio::internal {

timespec* TimeLeft(absl::Time deadline, timespec* storage) {
  if (deadline == absl::InfiniteFuture()) return nullptr;
  *storage =
      absl::ToTimespec(std::max(deadline - absl::Now(), absl::ZeroDuration()));
  return storage;
}

bool PollIn(int fd, absl::Time deadline) {
  pollfd in = {fd, POLLIN, 0};
  while (true) {
    timespec storage;
    const int ready = ppoll(&in, 1, TimeLeft(deadline, &storage), nullptr);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

}  // namespace uasio::internal
