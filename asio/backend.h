// A Backend carries out the requests of one queue.  Users can write their own.
//
// Threads:   all calls come from the queue's thread, one at a time.
// Ownership: the queue owns its backend, and destroys it when it has nothing
//            in flight.
// Order:     none: what the queue starts may run and finish in any order.
// Blocks:    only Collect(), as told.
// Errors:    each is the result of a request.
//
// A backend finishes transfers: the result that it reports is the one that
// Perform() in asio/perform.h would give.  Every request that it was told to
// start comes back from Collect() exactly once.

#ifndef UASIO_ASIO_BACKEND_H_
#define UASIO_ASIO_BACKEND_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "asio/request.h"

namespace uasio {

// A finished request.
struct Completion {
  Request* request;
  int64_t result;      // Bytes, -errno, or kRefused.
  size_t transferred;  // Bytes, also when the result is an error.
};

// As a result: nothing has been done, and the workers are to do it.
inline constexpr int64_t kRefused = INT64_MIN;

class Backend {
 public:
  virtual ~Backend() = default;

  // "worker", "sync", ...
  virtual absl::string_view name() const = 0;

  // Whether the backend does such requests.  All others go to the workers.
  virtual bool Takes(const Request& request) const = 0;

  // Starts all of `batch`, if it can with one system call.  It may finish, or
  // refuse, any of them on the spot; Collect() reports that, too.
  virtual void Start(absl::Span<Request* const> batch) = 0;

  // Fills `out` with finished requests and returns how many.  Blocks until
  // there are `min` of them, or until `deadline`.
  // REQUIRES: min <= out.size(); at least `min` are in flight.
  virtual size_t Collect(absl::Span<Completion> out, size_t min,
                         absl::Time deadline) = 0;

  // Asks that `request`, which is in flight, end early.  It comes back in any
  // case: with -ECANCELED, or with what happened anyway.
  virtual void Cancel(Request* request) = 0;

  // From now on the eventfd `event_fd` is written to when a request finishes,
  // at least once after each Collect() that found fewer than it had room for.
  // What has finished already is announced at once.
  virtual void SignalOn(int event_fd) = 0;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKEND_H_
