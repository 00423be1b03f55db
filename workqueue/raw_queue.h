// A RawQueue passes work between threads: in submit order where the priority
// is 0, and before that by priority, highest first.
//
// Threads:   any, at the same time.
// Ownership: of nothing; what is put stays linked by work.n until it is got.
// Order:     equal priorities are served first come, first served.
// Blocks:    Get() and GetAll(), until there is work, the deadline, or Close();
//            where it paid lately, they first give way for a moment.
// Errors:    none.  The queue is bounded by what its users put.
//
// Put() is done with the queue before the work can be got: whoever gets what
// he knows to be the last work may destroy the queue.  A priority above 0
// costs O(log n) and an entry of heap memory.

#ifndef UASIO_WORKQUEUE_RAW_QUEUE_H_
#define UASIO_WORKQUEUE_RAW_QUEUE_H_

#include <semaphore.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "clists/clist.h"
#include "workqueue/adaptive_yield.h"
#include "workqueue/mutex.h"
#include "workqueue/work.h"

namespace uasio {

using WorkList = Clist<Work, &Work::n>;

class RawQueue {
 public:
  RawQueue() = default;
  RawQueue(const RawQueue&) = delete;
  RawQueue& operator=(const RawQueue&) = delete;

  // Adds one, or all of `batch` (leaving it empty) under one lock.  Returns
  // surplus() as it is then.
  size_t Put(Work* w);
  size_t Put(WorkList* batch);

  // Takes the next, waiting for it.  nullptr: nothing by `deadline`, or the
  // queue is closed and empty.
  Work* Get(Deadline deadline);
  Work* TryGet() { return Get(Deadline::min()); }

  // Moves everything to the tail of `out`, waiting for at least one.  False:
  // nothing by `deadline`, or closed and empty.
  bool GetAll(WorkList* out, Deadline deadline);

  // Takes `w` off if it is still here, for which it looks through all: O(n).
  bool Remove(const Work* w);

  bool empty() const;

  // By how many the work that waits exceeds the threads that wait in Get().
  size_t surplus() const;

  // Wakes everybody who waits, and lets nobody wait again.
  void Close();

  // From now on every Put() to an empty queue writes to the eventfd `event_fd`
  // (borrowed; -1: to none).  Work that waits already is announced at once.
  void SignalOn(int event_fd);

 private:
  struct HeapEntry {
    Work* w;
    uint64_t sequence;
  };
  // A thread that waits, on its own stack.
  struct Waiter {
    Cnode node;
    sem_t woken;
  };
  using WaiterList = Clist<Waiter, &Waiter::node>;

  static bool Later(const HeapEntry& a, const HeapEntry& b);
  static void Wake(Waiter* waiter);
  bool IsInVain(Deadline deadline) const;

  void PutLocked(Work* w) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  size_t AnnounceLocked(size_t added, Waiter** next)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  size_t SurplusLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Waiter* NextWaiterLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool WaitLocked(Deadline deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool YieldLocked(Deadline deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool BlockLocked(Waiter* self, Deadline deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Work* PopLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetCountLocked(size_t count) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SignalLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  WorkList fifo_ ABSL_GUARDED_BY(mutex_);                // Priority 0.
  std::vector<HeapEntry> heap_ ABSL_GUARDED_BY(mutex_);  // The others.
  uint64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;  // Of the last heap entry.
  std::atomic<size_t> count_{0};  // In fifo_ and heap_; written under mutex_.
  WaiterList waiters_ ABSL_GUARDED_BY(mutex_);   // Latest first; not woken.
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;   // Threads on waiters_.
  size_t waking_ ABSL_GUARDED_BY(mutex_) = 0;    // Taken off, not yet back.
  size_t yielding_ ABSL_GUARDED_BY(mutex_) = 0;  // About to look again.
  AdaptiveYield yield_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  int event_fd_ ABSL_GUARDED_BY(mutex_) = -1;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_RAW_QUEUE_H_
