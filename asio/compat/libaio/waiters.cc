#include "asio/compat/libaio/waiters.h"

#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace uasio {
namespace libaio {
namespace {

using Outcome = Waiters::Outcome;

// The outcome of a raw system call.  Waits are raw system calls because glibc's
// functions are cancellation points.
Outcome ToOutcome(long result) {
  if (result >= 0 || errno == EAGAIN) return Outcome::kWoken;
  return errno == ETIMEDOUT ? Outcome::kTimedOut : Outcome::kInterrupted;
}

// Always passes a timeout: without one the kernel resumes the wait after a
// signal handler with SA_RESTART.
Outcome WaitForChange(std::atomic<uint32_t>* word, uint32_t seen,
                      Deadline deadline) {
  const timespec until =
      deadline == kNoDeadline ? timespec{INT_MAX, 0} : ToTimespec(deadline);
  return ToOutcome(syscall(SYS_futex, word,
                           FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, seen, &until,
                           nullptr, FUTEX_BITSET_MATCH_ANY));
}

Outcome WaitWithMask(int fd, Deadline deadline, const sigset_t* mask) {
  timespec left;
  pollfd poll_fd = {fd, POLLIN, 0};
  const long result = syscall(SYS_ppoll, &poll_fd, 1, TimeLeft(deadline, &left),
                              mask, kSigsetBytes);
  return result == 0 ? Outcome::kTimedOut : ToOutcome(result);
}

}  // namespace

Outcome Waiters::Wait(Mutex* mutex, int64_t need, Deadline deadline,
                      const sigset_t* mask) {
  Waiter self = {need, -1, false, false, {}};
  // A wait that ends at once needs no eventfd: poll(2) ignores an fd of -1.
  if (mask != nullptr && deadline != kDontWait) {
    self.event_fd = eventfd(0, EFD_CLOEXEC);
    if (self.event_fd < 0) return Outcome::kNoDescriptor;
  }
  waiters_.AddTail(&self);
  const uint32_t seen = changes_.load(std::memory_order_relaxed);
  if (mask == nullptr && YieldUntilChange(mutex, seen, deadline)) {
    waiters_.Remove(&self);
    return Outcome::kWoken;
  }
  self.blocks = true;
  mutex->Unlock();
  const Outcome outcome = mask != nullptr
                              ? WaitWithMask(self.event_fd, deadline, mask)
                              : WaitForChange(&changes_, seen, deadline);
  mutex->Lock();
  waiters_.Remove(&self);
  if (self.event_fd >= 0) close(self.event_fd);
  return outcome;
}

bool Waiters::YieldUntilChange(Mutex* mutex, uint32_t seen, Deadline deadline) {
  return yield_.YieldUnlocked(
      mutex, deadline, [&] { return changes_ != seen; }, [] { return 1; });
}

const void* Waiters::Announce(int64_t available) {
  bool changed = false, any_blocks = false;
  for (Waiter& waiter : waiters_) {
    if (waiter.need > available || waiter.announced) continue;
    waiter.announced = true;
    if (waiter.event_fd >= 0) {
      eventfd_write(waiter.event_fd, 1);
    } else {
      changed = true;
      any_blocks |= waiter.blocks;
    }
  }
  if (!changed) return nullptr;
  changes_.fetch_add(1, std::memory_order_relaxed);
  return any_blocks ? &changes_ : nullptr;
}

void Waiters::Wake(const void* word) {
  if (word == nullptr) return;
  syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, nullptr,
          nullptr, 0);
}

}  // namespace libaio
}  // namespace uasio
