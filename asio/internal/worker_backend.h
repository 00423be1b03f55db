// The worker backend: the threads of a pool perform requests by system calls.
//
// Threads:   as Backend; many queues may share the pool.
// Ownership: the pool is the caller's and must outlive the backend.
// Order:     higher priorities start first; requests of priority 0 start first
//            come, first served.
// Blocks:    Reap().
// Errors:    those of the system calls; on an fd without a size, also EMFILE,
//            ENFILE, ENOMEM, ENOSPC or EAGAIN if it must be watched and the
//            system has no fd, memory, watch or thread for that.
//
// It takes every request, on any kernel.  A read or write on an fd without a
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
#include "asio/syscalls/perform.h"
#include "asio/syscalls/readiness.h"
#include "workqueue/raw_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio::internal {

class WorkerBackend final : public Backend {
 public:
  static constexpr char kName[] = "worker";

  explicit WorkerBackend(WorkerPool* pool);
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
  void Run(Job* job);
  void WaitUntilReady(Job* job);
  void Finish(Job* job, int64_t result);
  size_t ReapReplies(absl::Span<Completion> out);

  WorkerPool* const pool_;
  RawQueue finished_;
  Readiness readiness_;

  // Used only in the queue's thread.
  WorkList replies_;  // Reaped from finished_, not returned yet.
  JobPool<Job> jobs_;
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_WORKER_BACKEND_H_
