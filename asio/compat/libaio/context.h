// A Context is what io_setup() makes: slots for requests, the ring that their
// events are put into, and those who wait for them.
//
// Threads:   any.
// Ownership: by std::shared_ptr, of the table and of the calls that run; what
//            it has in flight it waits for before it goes.
// Order:     none, like the kernel's.
// Blocks:    GetEvents(), Destroy(), Drain().
// Errors:    -errno, as the system call of the same name.
// Bounds:    a slot is taken at submit and given back when the client has taken
//            the event, so that there is room in the ring for every event.

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
  // What io_getevents() is asked for.
  struct Wanted {
    int64_t min;
    int64_t max;
    io_event* events;
    Deadline deadline;     // Deadline::min(): does not wait.
    const sigset_t* mask;  // Or nullptr.
  };

  // `engine` must outlive it.
  Context(Engine* engine, uint32_t capacity);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  bool ok() const { return ring_.ok(); }  // False: there is no memory.
  aio_context_t id() const { return ring_.id(); }
  uint32_t capacity() const { return ring_.capacity(); }

  int64_t GetEvents(const Wanted& wanted);

  // Only what waits for its fd by IOCB_CMD_POLL can be cancelled, as in the
  // kernel; its event, with a result of 0, comes as usual.
  int64_t Cancel(const iocb* user_block);

  // Ends all waiting, and waits for what is in flight.  -EINVAL: somebody has
  // destroyed it before.
  int64_t Destroy();

  // Waits for all transfers to and from files that were submitted before.
  void Drain();

  // For whoever submits (submission.h).  A new job is either dropped or
  // started; its event.obj and event.data are to be set, and what Admit() sets.
  int NewJob(Job** job);
  int AddDoorbell(Job* job, int event_fd);
  void Drop(Job* job);
  int StartPoll(Job* job);  // Not 0: an errno, and it has not been started.
  void Finish(Job* job, int64_t result);

  Engine* engine() const { return engine_; }
  AttemptHeuristic* cached_reads() { return &cached_reads_; }

 private:
  using InFlight = Clist<Job, &Job::in_flight>;

  static void Go(WorkerThread* thread, Work* w);
  static void GoOn(Readiness::Watch* watch);
  void Run(Job* job);
  int Watch(Job* job);
  bool CancelLocked(Job* job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishLocked(Job* job, int64_t result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RecycleLocked(Job* job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool FilesInFlightLocked(uint64_t last_ticket) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Engine* const engine_;
  AttemptHeuristic cached_reads_;
  Ring ring_;  // Its contents under mutex_.

  Mutex mutex_;
  CondVar finished_;  // Announced while anybody drains_.
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
