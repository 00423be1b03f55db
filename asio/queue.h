// A Queue hands I/O requests to a backend on behalf of one thread.
//
// Threads:   the one that created it, until it is destroyed; the pool behind
//            it may be shared.
// Ownership: Get() lends a Request until Put(); the queue owns its buffer.
// Units:     bytes; on a direct file, multiples of its alignment.
// Order:     see Order; by default as if in order, where anyone could tell.
// Blocks:    Wait(), WaitFor(), WaitUntil(), WaitMany(), RunHandlers(),
//            Sync(), the destructor, and Submit() of a write-back at its
//            bound.
// Errors:    request.result is bytes or -errno; write-back errors are kept in
//            the ledger.  A broken rule ends the program, naming the rule.
//
//   Queue queue;
//   Request* r = queue.Get();
//   r->op = Op::kRead, r->fd = file.fd(), r->offset = 0, r->length = 65536;
//   queue.Submit(r);
//   ...                            // Goes on while the request runs.
//   r = queue.Wait();
//   if (!r->status().ok()) ...
//   queue.Put(r);

#ifndef UASIO_ASIO_QUEUE_H_
#define UASIO_ASIO_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "asio/backend.h"
#include "asio/ledger.h"
#include "asio/request.h"

namespace uasio {

class File;
class WorkerPool;

namespace internal {
class QueueImpl;
}

enum class Order {
  // What running the requests one by one would have left in the file and in
  // the buffers, at parallel speed.  Requests on one fd that overlap, one of
  // them writing, run in the order of their submits.  One without a range of
  // its own (at kFilePosition, a write to an O_APPEND fd, any on an fd without
  // a size) overlaps everything on its fd.  A sync covers every write
  // submitted before it on its fd.  Two fds of one file are not ordered.
  kRange,
  // None: the caller sees to it.
  kNone,
};

struct QueueOptions {
  size_t buffer_bytes = 64 << 10;  // Of each request's own buffer.
  size_t requests_max = 256;       // Lent, in flight or done, at most.
  size_t depth_max = 64;           // With the backends at a time, at most; not
                                   // counting fds without a size, on which
                                   // they may wait for ever.
  size_t writebacks_max = 32;      // In flight, at most; and no more than
                                   // leave Get() one request of requests_max.
  Order order = Order::kRange;

  // The threads behind the queue; borrowed, must outlive it.  nullptr: a pool
  // of its own of up to threads_max.
  WorkerPool* pool = nullptr;
  size_t threads_max = 32;
};

class Queue {
 public:
  // With no backend, or for what the backend leaves to them (see
  // asio/backend.h), the pool's worker threads do the requests.  No backend is
  // ever replaced.
  // REQUIRES: none of the bounds is 0; with a backend, there is an fd left for
  // an eventfd: where that may fail, use Create().
  explicit Queue(const QueueOptions& options = {},
                 std::unique_ptr<Backend> backend = nullptr);

  // The same; returns an error if the process has no fd left.
  static absl::StatusOr<std::unique_ptr<Queue>> Create(
      const QueueOptions& options = {},
      std::unique_ptr<Backend> backend = nullptr);

  // Runs what was submitted, held requests included, calls the handlers that
  // are due, which may not submit any more, and prints to stderr the kept
  // errors that no Sync() has returned and nobody cleared.  Ends the lease of
  // every request and buffer.  Waits for ever for a pipe that stays silent:
  // Cancel() first.
  ~Queue();

  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // Lends an empty request; nullptr: requests_max are out, or there is no
  // memory for its buffer.  Then Put() what you hold, or Wait(), or Sync().
  Request* Get();

  // Takes a request back for recycling.
  // REQUIRES: Get(), Wait() or its handler gave it to the caller.
  void Put(Request* request);

  // Starts one, or a batch with few system calls, unless it is held by its
  // order or depth_max are running: then a later call starts it.  A write-back
  // blocks at writebacks_max, and never comes back: when it is done it goes to
  // the next Get(), its error to the ledger.  Runs no handler.
  // REQUIRES: as Put(); length is at most buffer_bytes in the queue's buffer;
  // a write-back has no handler.
  void Submit(Request* request) { Submit(absl::MakeConstSpan(&request, 1)); }
  void Submit(absl::Span<Request* const> batch);

  // The next finished request without a handler, waiting for it; runs due
  // handlers.  nullptr: nothing that can come back this way is in flight; where
  // there are only handlers and write-backs, it is Sync() that waits.
  // REQUIRES, of this and the next six: not called by a handler.
  Request* Wait() { return WaitFor(absl::InfiniteDuration()); }

  // The same without waiting.
  Request* TryWait() { return WaitFor(absl::ZeroDuration()); }

  // The same, but nullptr also if there is none after `timeout`, measured on
  // the steady clock.
  Request* WaitFor(absl::Duration timeout);

  // The same, for points of time on the wall clock: looks at it once, when
  // called.  Setting it afterwards changes nothing.
  Request* WaitUntil(absl::Time deadline);

  // Waits for one, takes up to out.size(), and returns how many.
  size_t WaitMany(absl::Span<Request*> out);

  // For layers that live by handlers, and leave other people's results alone:
  // runs the handlers that are due, waiting until `deadline` for there to be
  // one, as WaitUntil() does.  False: none ran; nothing with a handler is in
  // flight, or it is late.
  bool RunHandlers(absl::Time deadline = absl::InfiniteFuture());

  // No fsync: it does not make data durable.  Waits until everything submitted
  // before it is finished, and runs the handlers of that.  Returns the errors
  // kept in the ledger that the caller has not seen as results, again each time
  // until they are cleared.  To run until
  // no handler submits any more: while (queue.in_flight() > 0) queue.Sync();
  absl::Status Sync();

  // Asks that a submitted request end early.  It comes back all the same, with
  // -ECANCELED or with what happened anyway; if it has not started, at once,
  // and what it held up may start.
  // REQUIRES: it is in flight or finished; it is no write-back.
  void Cancel(Request* request);

  // An eventfd that is readable whenever a call could make progress, for
  // poll(2) and epoll(7); the queue's own: don't read it, don't close it.  It
  // may be readable for nothing; TryWait() until nullptr drains it.  An error:
  // there is no fd to be had.
  absl::StatusOr<int> event_fd();

  // Drops what is known of `fd`, before it is closed; returns the errors that
  // were kept of it, but for those that the caller has seen as results.
  // REQUIRES: nothing is in flight on it.
  absl::Status Forget(int fd);

  // Forgets and closes `file`; the first error of the two.
  absl::Status Close(File* file);

  // The errors of write-backs and syncs, and how they are cleared.
  const Ledger& ledger() const;
  void ClearErrors(int fd);

  // Submitted, and neither finished nor, with a handler, handed to it; of
  // these, the write-backs.
  size_t in_flight() const;
  size_t writebacks() const;

  const QueueOptions& options() const;

  // The name() of the queue's backend; "worker" if it has none.
  absl::string_view backend_name() const;

  // Ends the program if the thread, or the process, is not the queue's.
  void CheckCaller() const;

 private:
  // Sets `*status`: an error means that the queue can only be destroyed.
  Queue(const QueueOptions& options, std::unique_ptr<Backend> backend,
        absl::Status* status);

  const std::unique_ptr<internal::QueueImpl> impl_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_QUEUE_H_
