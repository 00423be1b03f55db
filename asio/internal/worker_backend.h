// The worker backend: the threads of a pool perform requests by system calls.
//
// Threads:   as Backend; many queues may share the pool.
// Ownership: the pool is the caller's and must outlive the backend.
// Order:     higher priorities start first; requests of priority 0 start first
//            come, first served.  Cached reads overtake them.
// Blocks:    Reap().
// Errors:    those of the system calls; on an fd without a size, also EMFILE,
//            ENFILE, ENOMEM, ENOSPC or EAGAIN if it must be watched and the
//            system has no fd, memory, watch or thread for that.
//
// It takes every request, on any kernel.  Reads that the page cache has are
// performed inside Start(), unless that is turned off: a hand-over to a thread
// would cost more than they do.  After failed attempts it tries seldom; see
// asio/syscalls/attempt_heuristic.h.  Where many succeed, several are read by
// one system call; see asio/syscalls/cached_batch.h.
//
// A read or write on an fd without a
// size (a pipe, a socket, a terminal) is attempted without blocking.  If the fd
// is not ready, the epoll thread watches it, and the request occupies no thread
// of the pool until then.

#ifndef UASIO_ASIO_INTERNAL_WORKER_BACKEND_H_
#define UASIO_ASIO_INTERNAL_WORKER_BACKEND_H_

#include <atomic>
#include <memory>
#include <vector>

#include "asio/backend.h"
#include "asio/internal/job_pool.h"
#include "asio/syscalls/attempt_heuristic.h"
#include "asio/syscalls/cached_batch.h"
#include "asio/syscalls/perform.h"
#include "asio/syscalls/readiness.h"
#include "workqueue/raw_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio::internal {

class WorkerBackend final : public Backend {
 public:
  static constexpr char kName[] = "worker";

  // `cached_reads`: as in QueueOptions.
  explicit WorkerBackend(WorkerPool* pool, bool cached_reads = true);
  ~WorkerBackend() override;

  absl::string_view name() const override { return kName; }
  bool Takes(const Request&) const override { return true; }
  bool FinishesTransfers() const override { return true; }
  void Attach(int event_fd) override { finished_.SignalOn(event_fd); }
  void Reserve(size_t requests_max) override;
  size_t Start(absl::Span<Request* const> batch) override;
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override;
  void Cancel(Request* request) override;

 private:
  struct Job;

  static void Go(WorkerThread* thread, Work* w);
  static void GoOn(Readiness::Watch* watch);
  Job* NewJob(Request* request);
  size_t ReadCached(WorkList* reads);
  size_t TakePart(WorkList* reads, size_t bytes_max, Job** part);
  void ReadNow(Job* const* part, size_t count);
  void ReadBatch(Job* const* part, size_t count);
  void Learn(bool was_cached);
  void Run(Job* job);
  void WaitUntilReady(Job* job);
  void Finish(Job* job, int64_t result);
  size_t ReapReplies(absl::Span<Completion> out);

  WorkerPool* const pool_;
  const bool cached_reads_;
  RawQueue finished_;
  Readiness readiness_;

  // Used only in the queue's thread.
  AttemptHeuristic attempts_;  // Of reads.
  size_t cached_in_row_ = 0;   // Attempts that have succeeded since a failure.
  CachedBatch cached_batch_;
  WorkList replies_;  // Finished, also in Start(); not returned yet.
  JobPool<Job> jobs_;
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_WORKER_BACKEND_H_
