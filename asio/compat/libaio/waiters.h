// Waiters are the threads that wait in io_getevents() on one context.
//
// Threads:   any, with the context's lock held; Wake() without it.
// Blocks:    Wait(), which releases the lock meanwhile.  A signal handler that
//            runs while the thread blocks ends the wait, with or without
//            SA_RESTART.  One that runs while the thread still yields does not;
//            with a mask the thread never yields.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_WAITERS_H_
#define UASIO_ASIO_COMPAT_LIBAIO_WAITERS_H_

#include <signal.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "clists/clist.h"
#include "workqueue/adaptive_yield.h"
#include "workqueue/mutex.h"

namespace uasio {
namespace libaio {

// The bytes of a signal mask that the kernel uses; sigset_t is longer.
inline constexpr size_t kSigsetBytes = _NSIG / 8;

class Waiters {
 public:
  enum class Outcome {
    kWoken,        // By Announce(), or a spurious wake-up.
    kInterrupted,  // By a signal.
    kTimedOut,
    kNoDescriptor,  // For the eventfd that a wait with a mask needs.
  };

  // Waits until `need` events are available, or until `deadline`.  Sets the
  // thread's signal mask to `mask` while it waits, atomically; nullptr: the
  // mask stays as it is.
  Outcome Wait(Mutex* mutex, int64_t need, Deadline deadline,
               const sigset_t* mask) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Ends the wait of each thread that needs at most `available` events.  The
  // caller must pass the result to Wake() after it has released the lock.
  const void* Announce(int64_t available);

  // Ends the wait of all threads: the context is being destroyed.
  const void* AnnounceEnd() { return Announce(INT64_MAX); }

  // Wakes the threads that Announce() found blocked; nullptr: none.  The object
  // may be destroyed already: only the address of `word` is used.
  static void Wake(const void* word);

 private:
  struct Waiter {
    int64_t need;
    int event_fd;  // -1: waits for changes_ to change.
    bool announced;
    bool blocks;  // Blocks or is about to; false: still yields.
    Cnode node;
  };

  // False: nothing has changed, and it is time to block.
  bool YieldUntilChange(Mutex* mutex, uint32_t seen, Deadline deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  Clist<Waiter, &Waiter::node> waiters_;
  AdaptiveYield yield_;
  std::atomic<uint32_t> changes_{0};  // A futex.
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_WAITERS_H_
