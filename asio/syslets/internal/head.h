// A Head executes syslets for one thread: in that thread, or in a pool's
// workers.
//
// Threads:   only the one that registered it; the pool may be shared.
// Ownership: the async_head_user and its ring are the user's; the head owns a
//            job for each syslet that went to a worker.
// Order:     syslets that leave the caller start first come, first served.
// Blocks:    Wait(); the destructor, until all syslets have ended.
// Bounds:    the ring has a slot for each syslet that left the caller; at most
//            max_nr_threads of them run at a time.
// Errors:    as in syslet.h.

#ifndef UASIO_ASIO_SYSLETS_INTERNAL_HEAD_H_
#define UASIO_ASIO_SYSLETS_INTERNAL_HEAD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "asio/syslets/internal/program.h"
#include "asio/syslets/internal/ring.h"
#include "asio/syslets/syslet.h"
#include "workqueue/adaptive_yield.h"
#include "workqueue/free_list.h"
#include "workqueue/mutex.h"
#include "workqueue/owner.h"
#include "workqueue/raw_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace syslets {

class Head {
 public:
  // Returns 0, or -EINVAL or -EBUSY as syslet_register().
  static long Check(const async_head_user* user);

  // REQUIRES: Check(user) is 0; pool has SYSLET_THREADS_MAX threads or fewer.
  Head(async_head_user* user, WorkerPool* pool);
  ~Head();

  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  // As the functions of these names in syslet.h.
  syslet_uatom* Exec(syslet_uatom* atom);
  size_t Wait(size_t min);
  long EventFd();
  void SetAtomsMax(unsigned long atoms_max) { atoms_max_ = atoms_max; }

  // False in a forked child, which has no workers: no other function, nor the
  // destructor, may be called there.
  bool IsThisProcess() const { return owner_.IsThisProcess(); }

 private:
  struct Job : Work, Recyclable<Job> {
    Head* head;
    Run run;
  };

  static void Go(WorkerThread* thread, Work* w);
  void RunJobs(Job* job);
  long Admit(const syslet_uatom* atom);
  Job* NewJob();
  void GiveToWorker(const Run& run);
  void Start(WorkList* batch);
  size_t ThreadsMax() const;
  void TakeStartableLocked(WorkList* batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WaitForChangeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void YieldLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Job* FinishLocked(Job* job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  async_head_user* const user_;
  WorkerPool* const pool_;
  const Owner owner_;
  Ring ring_;
  Checker checker_;
  AttemptHeuristics heuristics_;
  unsigned long atoms_max_ = SYSLET_ATOMS_MAX_DEFAULT;
  Job* next_ = nullptr;  // Reserved for the next syslet that leaves the caller.

  Mutex mutex_;
  CondVar changed_;  // Notified when wake_at_ is reached or running_ is 0.
  WorkList pending_ ABSL_GUARDED_BY(mutex_);  // Not yet started.
  FreeList<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;  // Including the pending ones.
  size_t in_pool_ ABSL_GUARDED_BY(mutex_) = 0;  // Jobs given to the pool.
  uint64_t wake_at_ ABSL_GUARDED_BY(mutex_) = UINT64_MAX;  // For entered().
  std::atomic<bool> enough_{false};  // As changed_, for a thread that yields.
  AdaptiveYield yield_ ABSL_GUARDED_BY(mutex_);
  int event_fd_ ABSL_GUARDED_BY(mutex_) = -1;
};

}  // namespace syslets
}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_INTERNAL_HEAD_H_
