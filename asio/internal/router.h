// Router are the backends of one queue as one: its own, and the workers, who
// do what the other does not take or refuses.  Short transfers are finished
// here.
//
// Threads:   the queue's; the pool may be shared.
// Ownership: of the backends and the eventfd; slots and a shared pool are
//            borrowed.
// Blocks:    Reap(), as told.  With requests in one backend it waits there;
//            with requests in both, on the eventfd, which both signal, and in
//            the backend for a moment where that signals in vain.
// Errors:    none but the results of requests.

#ifndef UASIO_ASIO_INTERNAL_ROUTER_H_
#define UASIO_ASIO_INTERNAL_ROUTER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "asio/backend.h"
#include "asio/internal/slot.h"
#include "asio/internal/worker_backend.h"
#include "workqueue/worker_pool.h"

namespace uasio::internal {

class Router {
 public:
  // `pool` may be null: then there will be one of up to `threads_max`, when it
  // is needed.  Without a backend everything goes to the workers.
  Router(std::unique_ptr<Backend> backend, WorkerPool* pool,
         size_t threads_max);
  ~Router();

  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // 0, or why there is no eventfd for the backend, an errno: then nothing else
  // may be called.
  int setup_error() const { return setup_error_; }

  // Of the backend, or of the workers if there is none.
  absl::string_view backend_name() const;

  // Starts all of `batch`, with one call to each backend that gets some of it.
  // Returns how many wait for Reap() by then.
  size_t Start(absl::Span<Slot* const> batch);

  // Fills `out` with finished requests, waiting for at least one until
  // `deadline`, and returns how many.
  size_t Reap(absl::Span<Completion> out, Deadline deadline);

  // REQUIRES: `slot` is running.
  void Cancel(Slot* slot);

  // Memory for buffers, which the backend may register.
  void AddBuffers(char* data, size_t size) {
    if (backend_ != nullptr) backend_->AddBuffers(data, size);
  }

  // Whether what runs may come back unfinished, so that it is worth a look.
  bool MayResubmit() const {
    return running_backend_ > 0 && !backend_->FinishesTransfers();
  }

  // How many are running.
  size_t running() const { return running_backend_ + running_workers_; }

  // Has the backends signal the eventfd from now on.  False: there is none to
  // be had, and errno says why.
  bool EnableEventFd();

  // -1 until it is enabled.
  int event_fd() const { return enabled_ ? event_fd_ : -1; }

  // Makes it readable, or not; nothing while it is not enabled.
  void SignalEventFd();
  void ClearEventFd();

 private:
  bool CreateEventFd();
  WorkerBackend* Workers();
  size_t StartOn(Backend* backend, absl::Span<Request* const> batch);
  size_t StartRouted();
  size_t ReapOnce(absl::Span<Completion> out, Deadline deadline);
  size_t ReapFromBoth(absl::Span<Completion> out, Deadline deadline);
  size_t HandleCompletions(absl::Span<Completion> out,
                           size_t* completed_inline);
  size_t* RunningOn(const Backend* backend);

  // Destroyed last: threads may still be about to leave the backends' code.
  std::unique_ptr<WorkerPool> own_pool_;
  WorkerPool* pool_;  // nullptr until there is one.
  const size_t threads_max_;
  std::unique_ptr<WorkerBackend> workers_;
  std::unique_ptr<Backend> backend_;

  size_t running_backend_ = 0;
  size_t running_workers_ = 0;
  std::vector<Request*> for_backend_;  // To be started by StartRouted().
  std::vector<Request*> for_workers_;

  int setup_error_ = 0;
  int event_fd_ = -1;
  bool enabled_ = false;    // The backends signal it.
  bool signalled_ = false;  // By SignalEventFd(), and not cleared since.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_ROUTER_H_
