// A Router divides requests between the queue's backend and the worker backend,
// which performs what the other does not take or refuses.  It resubmits after
// short transfers and EINTR.
//
// Threads:   the queue's thread only; the pool may be shared.
// Ownership: owns the backends and the eventfd; borrows slots and shared pool.
// Blocks:    Reap(), until its deadline.  If only one backend has requests in
//            flight, it waits there; if both have, or after EnableNotify(), it
//            waits on the eventfd, which both signal.  If the queue's backend
//            causes spurious wake-ups, it waits for short times in that backend
//            instead.
// Errors:    only as the results of requests.

#ifndef UASIO_ASIO_INTERNAL_ROUTER_H_
#define UASIO_ASIO_INTERNAL_ROUTER_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "asio/backend.h"
#include "asio/internal/slot.h"
#include "asio/internal/worker_backend.h"
#include "asio/queue.h"
#include "asio/stats.h"
#include "workqueue/worker_pool.h"

namespace uasio::internal {

class Router {
 public:
  // The first Reserve() takes the pool of the options, or that of the process,
  // or makes one.  The workers perform everything if `backend` is null.
  // Counts in `stats`, which must outlive the router.
  Router(std::unique_ptr<Backend> backend, const QueueOptions& options,
         QueueStats* stats);
  ~Router();

  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // 0, or why there is no eventfd for the backend, an errno: then nothing else
  // may be called.
  int setup_error() const { return setup_error_; }

  // Of the backend, or of the workers if there is none.
  absl::string_view backend_name() const;

  // Allocates what `requests_max` requests in flight need, so that no other
  // function needs memory for these.  Throws std::bad_alloc.
  // Must be called before the first Start().
  void Reserve(size_t requests_max);

  // Starts all of `batch`, with one call to each backend that gets a part of
  // it.  Returns how many completed inside this call, and now wait for Reap().
  // REQUIRES: if `reaps_next`, the caller calls Reap() next.
  size_t Start(absl::Span<Slot* const> batch, bool reaps_next);

  // Whether the owner, if it waits for nothing else, can perform `slot` itself
  // as well as a worker: the backend does not take it, and it cannot have to
  // wait for somebody to write.
  bool CanPerformInline(const Slot& slot) const;

  // Performs `slot` in this thread.  It is not running meanwhile.
  Completion PerformInline(Slot* slot);

  // Waits for at least one request to complete, until `deadline`.  Fills `out`
  // with completed requests and returns how many.  If it `ends_early`, it also
  // returns 0 while IsNotified().
  size_t Reap(absl::Span<Completion> out, Deadline deadline, bool ends_early);

  // Asks that `slot` complete early.
  // REQUIRES: `slot` is running.
  void Cancel(Slot* slot);

  // See Backend::AddBuffers() and RemoveBuffers().
  void AddBuffers(char* data, size_t size) {
    if (backend_ != nullptr) backend_->AddBuffers(data, size);
  }

  bool RemoveBuffers(char* data, size_t size) {
    return backend_ == nullptr || backend_->RemoveBuffers(data, size);
  }

  // See Backend::AddFile() and RemoveFile().
  void AddFile(int fd) {
    if (backend_ != nullptr) backend_->AddFile(fd);
  }
  void RemoveFile(int fd) {
    if (backend_ != nullptr) backend_->RemoveFile(fd);
  }

  // True if a running request may complete short and need to be resubmitted.
  bool MayResubmit() const {
    return running_backend_ > 0 && !backend_->FinishesTransfers();
  }

  // How many requests are with the backends.
  size_t running() const { return running_backend_ + running_workers_; }

  // From now on the backends signal the eventfd.  False if it cannot be
  // created; errno says why.
  bool EnableEventFd();

  // -1 until EnableEventFd().
  int event_fd() const { return enabled_ ? event_fd_ : -1; }

  // From now on Reap() waits by the eventfd, so that Notify() ends it.  False
  // as EnableEventFd().
  bool EnableNotify();

  // Callable by any thread, and by a signal handler.  IsNotified() is true
  // until ClearNotification().
  void Notify();
  bool IsNotified() const { return notified_; }

  // Afterwards the owner sees what was written before each Notify() that this
  // ends.
  void ClearNotification() { notified_.exchange(false); }

  // Make the eventfd readable, or unreadable.  No effect before
  // EnableEventFd().
  void SignalEventFd();
  void ClearEventFd();

 private:
  bool CreateEventFd();
  void MakeWorkers();
  WorkerBackend* Workers();
  size_t StartOn(Backend* backend, absl::Span<Request* const> batch,
                 bool reaps_next);
  size_t StartRouted(bool reaps_next);
  size_t ReapOnce(absl::Span<Completion> out, Deadline deadline,
                  bool ends_early);
  size_t ReapByEventFd(absl::Span<Completion> out, Deadline deadline,
                       bool ends_early);
  size_t ReapNow(absl::Span<Completion> out);
  size_t HandleCompletions(absl::Span<Completion> out,
                           size_t* completed_inline);
  size_t* RunningOn(const Backend* backend);
  void CountForWorkers(const Completion& completion);

  QueueStats* const stats_;

  // Destroyed last: its threads may still be inside the backends' code.
  std::shared_ptr<WorkerPool> pool_owner_;
  WorkerPool* pool_;  // nullptr until there is one.
  const size_t threads_max_;
  const bool cached_reads_;
  std::unique_ptr<WorkerBackend> workers_;
  std::unique_ptr<Backend> backend_;
  const char* const probe_name_;  // Of backend_.

  size_t running_backend_ = 0;
  size_t running_workers_ = 0;
  std::vector<Request*> for_backend_;  // StartRouted() starts both.
  std::vector<Request*> for_workers_;

  int setup_error_ = 0;
  int event_fd_ = -1;
  bool enabled_ = false;    // The backends signal the eventfd.
  bool signalled_ = false;  // SignalEventFd() since the last ClearEventFd().
  bool notifies_ = false;   // EnableNotify() was called.
  std::atomic<bool> notified_{false};  // Written by any thread.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_ROUTER_H_
