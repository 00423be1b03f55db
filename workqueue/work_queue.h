// A WorkQueue submits work to a WorkerPool for one thread and collects it.
//
// Threads:   the one that created it; many queues may share the pool, which
// must outlive
//            them.
// Ownership: the work is the caller's; between Submit() and its return from
//            Wait() it must not be touched.
// Order:     of returns: as the work is finished; of what is finished when a
//            call looks, higher priorities first.
// Blocks:    Wait(), WaitUntil(), and the destructor, for what is running.
// Bounds:    none of its own: the caller's amount of work.
//
//   WorkQueue queue(&pool);
//   queue.Submit(&job);
//   ...
//   while (work* done = queue.Wait()) { ... }

#ifndef UASIO_WORKQUEUE_WORK_QUEUE_H_
#define UASIO_WORKQUEUE_WORK_QUEUE_H_

#include <cstddef>

#include "workqueue/owner.h"
#include "workqueue/raw_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {

class WorkQueue {
 public:
  explicit WorkQueue(WorkerPool* pool) : pool_(pool) {}
  ~WorkQueue();

  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  // Sends one, or all of `batch` (leaving it empty), to the pool.
  // REQUIRES: go is set; it is not running already.
  void Submit(Work* w);
  void Submit(WorkList* batch);

  // The next finished work, waiting for it; nullptr: there is none (by the
  // deadline, in WaitUntil()), and in Wait(): nothing is running either.
  Work* Wait() { return WaitUntil(kNoDeadline); }
  Work* TryWait() { return WaitUntil(Deadline::min()); }
  Work* WaitUntil(Deadline deadline);

  // Takes back work that no thread has begun: it will not be returned.
  // False: it has begun, or is done, and will be.
  bool Cancel(const Work* w);

  // Submitted, and neither returned nor taken back yet.
  size_t running() const { return running_; }

  // Has finished work announced on an eventfd; see RawQueue::SignalOn().  What
  // a call has fetched already but not returned is not announced: TryWait()
  // until nullptr.
  void SignalOn(int event_fd) { finished_.SignalOn(event_fd); }

 private:
  void CheckCaller() const;

  WorkerPool* const pool_;
  const Owner owner_;
  RawQueue finished_;
  WorkList fetched_;  // From finished_, all at once, to be returned.
  size_t running_ = 0;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_WORK_QUEUE_H_
