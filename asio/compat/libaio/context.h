// A Context is what io_setup() creates: slots for requests, a ring for their
// events, and the threads that wait for events.
//
// Threads:   any.
// Ownership: shared (std::shared_ptr) by the table and the calls that run.
//            REQUIRES at destruction: nothing is in flight; see Destroy().
// Order:     none, as in the kernel.
// Blocks:    GetEvents(), Destroy(), Drain().
// Errors:    -errno, as the system call of the same name.
// Bounds:    a request holds a slot from its submission until the client has
//            taken its event, so the ring has room for every event.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_CONTEXT_H_
#define UASIO_ASIO_COMPAT_LIBAIO_CONTEXT_H_

#include <linux/aio_abi.h>
#include <signal.h>

#include <cstdint>

#include "asio/compat/libaio/doorbell.h"
#include "asio/compat/libaio/engine.h"
#include "asio/compat/libaio/job.h"
#include "asio/compat/libaio/ring.h"
#include "asio/compat/libaio/waiters.h"
#include "asio/syscalls/attempt_heuristic.h"
#include "clists/clist.h"
#include "workqueue/free_list.h"
#include "workqueue/mutex.h"

namespace uasio {
namespace libaio {

class Context {
 public:
  struct GetEventsArguments {
    int64_t min;
    int64_t max;
    io_event* events;
    Deadline deadline;
    const sigset_t* mask;  // Or nullptr.
  };

  // REQUIRES: `engine` outlives the context.
  Context(Engine* engine, uint32_t capacity);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  bool ok() const { return ring_.ok(); }  // False: out of memory.
  aio_context_t id() const { return ring_.id(); }
  uint32_t capacity() const { return ring_.capacity(); }

  int64_t GetEvents(const GetEventsArguments& arguments);

  // Cancels a poll (IOCB_CMD_POLL) that still waits, as the kernel does; other
  // requests cannot be cancelled.  Returns:
  // - -EINPROGRESS: cancelled; the event follows, with a result of 0;
  // - -EINVAL: no such poll waits, or it is cancelled already.
  int64_t Cancel(const iocb* user_block);

  // Cancels polls and requests on streams, wakes all waiting threads, and waits
  // until nothing is in flight.  -EINVAL: the context is destroyed already.
  int64_t Destroy();

  // Waits for all transfers to and from files that were submitted before this
  // call.
  void Drain();

  // For submission.cc.  NewJob() takes a slot; the submitter then sets
  // event.obj, event.data and what Admit() sets, and starts the job or drops
  // it.  Each returns 0 or an errno; after an error the job is not started.
  int NewJob(Job** job);
  int AddDoorbell(Job* job, int event_fd);
  void Drop(Job* job);
  int StartPoll(Job* job);
  void Finish(Job* job, int64_t result);

  Engine* engine() const { return engine_; }
  AttemptHeuristic* cached_reads() { return &cached_reads_; }

 private:
  using InFlight = Clist<Job, &Job::in_flight>;

  static void RunInPool(WorkerThread* thread, Work* w);
  static void OnReady(Readiness::Watch* watch);
  void Run(Job* job);
  int Watch(Job* job);
  Waiters::Outcome WaitLocked(int64_t need, Deadline deadline,
                              const sigset_t* mask)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool CancelLocked(Job* job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishLocked(Job* job, int64_t result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RecycleLocked(Job* job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool FilesInFlightLocked(uint64_t last_ticket) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Engine* const engine_;
  AttemptHeuristic cached_reads_;
  Ring ring_;  // mutex_ guards its contents.

  Mutex mutex_;
  CondVar finished_;  // Notified while draining_ > 0.
  Waiters waiters_ ABSL_GUARDED_BY(mutex_);
  Doorbells bells_ ABSL_GUARDED_BY(mutex_);
  InFlight in_flight_ ABSL_GUARDED_BY(mutex_);  // In order of submission.
  FreeList<Job> jobs_ ABSL_GUARDED_BY(mutex_);  // Those out are in_flight_.
  uint64_t ticket_ ABSL_GUARDED_BY(mutex_) = 0;
  int draining_ ABSL_GUARDED_BY(mutex_) = 0;
  bool dead_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_CONTEXT_H_
