// A RawQueue passes work between threads, highest priority first.
//
// Threads:   any, at the same time.
// Ownership: none; work must live until it is got, and the queue uses its `n`.
// Order:     equal priorities are served first come, first served.
// Blocks:    Get() and GetAll(), until there is work, the deadline, or Close().
//            After recent successes they first spin with sched_yield().
// Errors:    none.
// Bounds:    none; the queue holds what its users put.
// Cost:      a priority above 0 takes O(log n) and an entry of heap memory;
//            without memory for that, the work has priority 0.
// Forks:     a forked child may destroy it; it leaks a heap that was being
//            changed at the time of the fork.
//
// Put() does not touch the queue once its work can be got.  So the thread that
// gets the last work may destroy the queue.

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
  ~RawQueue();
  RawQueue(const RawQueue&) = delete;
  RawQueue& operator=(const RawQueue&) = delete;

  // Adds one, or all of `batch` (leaving it empty) under one lock.  Returns
  // the surplus() that results.
  size_t Put(Work* w);
  size_t Put(WorkList* batch);

  // Takes the next work, waiting for it.  nullptr: `deadline` has passed, or
  // the queue is closed and empty.
  [[nodiscard]] Work* Get(Deadline deadline);
  [[nodiscard]] Work* TryGet() { return Get(kDontWait); }

  // Moves all work to the tail of `out`, waiting for at least one.  False:
  // `deadline` has passed, or the queue is closed and empty.
  bool GetAll(WorkList* out, Deadline deadline);

  // Takes `w` off the queue: O(n).  False: it is not there.
  [[nodiscard]] bool Remove(const Work* w);

  [[nodiscard]] bool empty() const;

  // How many works wait in excess of the threads that wait for work.
  [[nodiscard]] size_t surplus() const;

  // Wakes all threads that wait; from now on no call waits.
  void Close();

  // From now on every Put() to an empty queue writes to the eventfd `event_fd`
  // (borrowed; -1: to none).  If work waits already, this call writes at once.
  void SignalOn(int event_fd);

 private:
  struct HeapEntry {
    Work* w;
    uint64_t sequence;
  };
  // A waiting thread; it stands on the stack of that thread.
  struct Waiter {
    Cnode node;
    sem_t woken;
  };
  using WaiterList = Clist<Waiter, &Waiter::node>;

  static bool IsServedLater(const HeapEntry& a, const HeapEntry& b);
  static void Wake(Waiter* waiter);
  bool FailsAtOnce(Deadline deadline) const;

  bool HasHeapRoomLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
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
  WaiterList waiters_ ABSL_GUARDED_BY(mutex_);  // Latest first; not woken.
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;  // Threads on waiters_.
  size_t waking_ ABSL_GUARDED_BY(mutex_) = 0;   // Woken, not back yet.
  size_t late_ ABSL_GUARDED_BY(mutex_) = 0;     // Of these: known to be late.
  std::chrono::steady_clock::time_point last_wake_ ABSL_GUARDED_BY(mutex_);
  size_t yielding_ ABSL_GUARDED_BY(mutex_) = 0;  // In YieldUntil().
  AdaptiveYield yield_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  int event_fd_ ABSL_GUARDED_BY(mutex_) = -1;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_RAW_QUEUE_H_
