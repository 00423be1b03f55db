// A Backend carries out the requests of one queue.  Users can write their own.
//
// Threads:   all calls come from the queue's thread, one at a time.
// Ownership: the queue owns its backend, and destroys it when it has nothing
//            in flight.
// Order:     none: what the queue starts may run and finish in any order.
// Blocks:    only Reap(), as told.
// Errors:    each is the result of a request.
//
// Every request that a backend was told to start comes back from Reap()
// exactly once, with what one system call would tell of it: a short count and
// EINTR are the queue's to mend.
//
// The queue's worker backend, which makes the plain system calls, performs
// - what the backend does not take;
// - the rest of what comes back with a result for which IsForWorkers() is true.
// A backend that changes what is read or written must leave neither: it takes
// every request, refuses none, and its FinishesTransfers() is true.
//
// asio/backends/sync.h is a small one; asio/backends/fault.h wraps another.

#ifndef UASIO_ASIO_BACKEND_H_
#define UASIO_ASIO_BACKEND_H_

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "asio/op.h"
#include "asio/request.h"
#include "workqueue/deadline.h"

namespace uasio {

// A request that a backend is done with.
struct Completion {
  Request* request;
  int64_t result;      // Bytes in all, request->transferred included; -errno;
                       // or kRefused.
  size_t transferred;  // Bytes in all, also when the result is an error.
};

// As a result: not performed; the worker backend must do it.
inline constexpr int64_t kRefused = INT64_MIN;

// Whether the queue gives the rest of a request to the worker backend.  With a
// backend that FinishesTransfers(), only the first of these counts:
// - any request that its backend refused;
// - on an fd with a size, one that would have had to wait (EAGAIN) or that the
//   backend cannot do there (EOPNOTSUPP, as of RWF_NOWAIT);
// - on an fd with a size, a write that wrote nothing: only the system call
//   itself tells why.
inline bool IsForWorkers(const Completion& completion) {
  const Request& r = *completion.request;
  if (completion.result == kRefused) return true;
  if (!r.traits.sized) return false;
  if (completion.result == -EAGAIN || completion.result == -EOPNOTSUPP) {
    return true;
  }
  return completion.result >= 0 && IsWrite(r.op) &&
         completion.transferred == r.transferred &&
         completion.transferred < r.length;
}

class Backend {
 public:
  virtual ~Backend() = default;

  // "worker", "sync", ...
  virtual absl::string_view name() const = 0;

  // Whether the backend does such requests.  All others go to the workers.
  virtual bool Takes(const Request& request) const = 0;

  // Whether its results are final: those that Perform() in
  // asio/syscalls/perform.h would give, which are never short but for the end
  // of file.
  virtual bool FinishesTransfers() const { return false; }

  // Called when somebody is going to poll, at any time and once at the most.
  // From then on the eventfd `event_fd` (borrowed) is to be written to whenever
  // a request finishes after the Start() that it was given to, at least once
  // after each Reap() that found fewer than it had room for.  For requests
  // in flight by then, such a Reap() may write to it at once.
  virtual void Attach(int event_fd) = 0;

  // The queue has allocated memory for buffers, which stays until it is
  // destroyed: to be registered with the kernel, for example.
  virtual void AddBuffers(char* /*data*/, size_t /*size*/) {}

  // No more than the queue's depth_max are in flight at a time, not counting
  // those on fds without a size.
  //
  // Starts all of `batch`, if it can with few system calls, each from where it
  // is: request->transferred bytes are done.  Returns how many requests wait
  // for Reap() now, having been finished or refused on the spot.
  virtual size_t Start(absl::Span<Request* const> batch) = 0;

  // Fills `out` with finished requests and returns how many.  Blocks until
  // there are `min` of them, or until `deadline`.
  // REQUIRES: min <= out.size(); at least `min` are in flight.
  virtual size_t Reap(absl::Span<Completion> out, size_t min,
                      Deadline deadline) = 0;

  // Asks that `request`, which is in flight, end early.  It comes back in any
  // case: with -ECANCELED, or with what happened anyway.
  virtual void Cancel(Request* request) = 0;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKEND_H_
