// Waiters are the threads that wait in io_getevents() of one context.
//
// Threads:   all but Wake() under the context's lock.
// Blocks:    Wait(), without the lock, and as a system call does: a signal
//            handler that has run ends it, whether or not it was installed
//            with SA_RESTART, unless it ran while the thread still lingered,
//            which it does not with a mask.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_WAITERS_H_
#define UASIO_ASIO_COMPAT_LIBAIO_WAITERS_H_

#include <signal.h>

#include <atomic>
#include <cstdint>

#include "clists/clist.h"
#include "workqueue/adaptive_yield.h"
#include "workqueue/mutex.h"

namespace uasio {
namespace libaio {

class Waiters {
 public:
  enum class Outcome {
    kWoken,        // Or for no reason.
    kInterrupted,  // By a signal.
    kTimedOut,
    kNoDescriptor,  // For the eventfd that waiting with a mask takes.
  };

  // Waits until `need` events are available, or `deadline`.  With a mask, that
  // is the thread's while it waits, and no signal is lost between the two.
  Outcome Wait(Mutex* mutex, int64_t need, Deadline deadline,
               const sigset_t* mask) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // With as many events as are `available` now, wakes all who have enough: the
  // word that is returned is to be passed to Wake() once the lock is released.
  const void* Announce(int64_t available);

  // Wakes all, as at the context's end.
  const void* AnnounceEnd() { return Announce(INT64_MAX); }

  // Does nothing with nullptr, and touches nothing of the object, which may be
  // gone by then.
  static void Wake(const void* word);

 private:
  struct Waiter {
    int64_t need;
    int event_fd;  // -1: waits for changes_.
    bool announced;
    bool blocks;  // Or is about to; until then it looks by itself.
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
