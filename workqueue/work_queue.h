// A WorkQueue submits work to a WorkerPool for one thread, and returns it when
// it is finished.  It is for work other than I/O: the pool can compress, hash
// or sort blocks while the thread's Queue reads and writes others.  SignalOn()
// lets the thread wait for both in one poll(2).
//
// Threads:   the one that created it.  Many queues may share the pool, which
//            must outlive them.
// Ownership: the work is the caller's, but must not be touched from Submit()
//            until Wait() returns it.
// Order:     work is returned as it finishes.  If several are finished when a
//            call looks, higher priorities are returned first.
// Blocks:    Wait(), WaitUntil(), and the destructor, while work is running.
// Bounds:    none; the queue holds what its user submits.
//
//   WorkerPool pool;
//   WorkQueue queue(&pool);
//   struct Block : Work { ... };
//   Block block = {};
//   block.go = [](WorkerThread*, Work* w) { ... static_cast<Block*>(w) ... };
//   queue.Submit(&block);
//   ...
//   while (Work* finished = queue.Wait()) { ... }

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

  // Submits one, or all of `batch` (leaving it empty), to the pool.
  // REQUIRES: go is set; the work is not running already.
  void Submit(Work* w);
  void Submit(WorkList* batch);

  // Return the next finished work, or nullptr:
  // - Wait(): nothing is running;
  // - TryWait(), which does not wait: nothing is finished;
  // - WaitUntil(): `deadline` has passed, or nothing is running.
  Work* Wait() { return WaitUntil(kNoDeadline); }
  Work* TryWait() { return WaitUntil(kDontWait); }
  Work* WaitUntil(Deadline deadline);

  // Takes back work that no thread has begun; Wait() will not return it.
  // False: the work has begun or is finished; Wait() returns it, unless it
  // already has.
  // REQUIRES: the work was last submitted to this queue.
  [[nodiscard]] bool Cancel(const Work* w);

  // How many works are submitted, and neither returned nor taken back.
  [[nodiscard]] size_t running() const noexcept { return running_; }

  // Makes finished work write to the eventfd `event_fd` (borrowed; -1: to
  // none); see RawQueue::SignalOn().  Work that a call has reaped, but not
  // returned, is not announced: call TryWait() until it returns nullptr.
  void SignalOn(int event_fd) { finished_.SignalOn(event_fd); }

 private:
  void CheckCaller() const;

  WorkerPool* const pool_;
  const Owner owner_;
  RawQueue finished_;
  WorkList reaped_;  // From finished_, not returned yet.
  size_t running_ = 0;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_WORK_QUEUE_H_
