// A Head executes syslets for one thread: in it, or in the workers of a pool.
//
// Threads:   the one that registered it; the pool may be shared.
// Ownership: the async_head_user and its ring are the user's; the head owns a
//            job for each syslet in the workers.
// Order:     what leaves the caller is begun first come, first served.
// Blocks:    Wait(); the destructor, until everything has run.
// Bounds:    no more syslets in the workers than the ring has room for, and at
//            a time than max_nr_threads.
// Errors:    as in syslet.h.

#ifndef UASIO_ASIO_SYSLETS_HEAD_H_
#define UASIO_ASIO_SYSLETS_HEAD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "asio/syslets/program.h"
#include "asio/syslets/ring.h"
#include "asio/syslets/syslet.h"
#include "workqueue/adaptive_yield.h"
#include "workqueue/free_list.h"
#include "workqueue/mutex.h"
#include "workqueue/owner.h"
#include "workqueue/raw_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {

class Head {
 public:
  // 0, or why `user` cannot be registered: -EINVAL, -EBUSY.
  static long Check(const async_head_user* user);

  // REQUIRES: Check(user) is 0; pool has SYSLET_THREADS_MAX threads or fewer.
  Head(async_head_user* user, WorkerPool* pool);
  ~Head();

  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  // What the functions of these names in syslet.h do.
  syslet_uatom* Exec(syslet_uatom* atom);
  size_t Wait(size_t min);
  long EventFd();
  void SetAtomsMax(unsigned long atoms_max) { atoms_max_ = atoms_max; }

  // In a forked child the workers are missing, and so nothing must be called.
  bool IsThisProcess() const { return owner_.IsThisProcess(); }

 private:
  struct Job : Work, Recyclable<Job> {
    Head* head;
    Run run;
  };

  static void Go(WorkerThread* thread, Work* w);
  void Serve(Job* job);
  long Admit(const syslet_uatom* atom);
  Job* NewJob();
  void SendOff(const Run& run);
  void Start(WorkList* batch);
  size_t ThreadsMax() const;
  void TakeStartableLocked(WorkList* batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void YieldLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Job* FinishLocked(Job* job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  async_head_user* const user_;
  WorkerPool* const pool_;
  const Owner owner_;
  Ring ring_;
  Checker checker_;
  Experience experience_;
  unsigned long atoms_max_ = SYSLET_ATOMS_MAX_DEFAULT;
  Job* next_ = nullptr;  // For the next syslet that leaves the caller.

  Mutex mutex_;
  CondVar changed_;  // wake_at_ is reached, or nothing is running.
  WorkList pending_ ABSL_GUARDED_BY(mutex_);  // Not yet begun.
  FreeList<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;  // Pending ones included.
  size_t serving_ ABSL_GUARDED_BY(mutex_) = 0;  // Jobs with the pool.
  uint64_t wake_at_ ABSL_GUARDED_BY(mutex_) = UINT64_MAX;  // Of entered().
  std::atomic<bool> enough_{false};  // changed_, for who lingers.
  AdaptiveYield yield_ ABSL_GUARDED_BY(mutex_);
  int event_fd_ ABSL_GUARDED_BY(mutex_) = -1;
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_HEAD_H_
