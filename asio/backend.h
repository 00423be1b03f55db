// A Backend performs the requests of one queue.  Users can write their own.
//
// Threads:   all calls come from the queue's thread, one at a time.
// Ownership: the queue owns its backend, and destroys it when nothing is in
//            flight.
// Order:     none: started requests may run and complete in any order.
// Blocks:    only Reap(), until its deadline.
// Errors:    each is the result of a request.
//
// Reap() returns each started request exactly once, with the result that one
// system call would give.  The queue resubmits after a short transfer or EINTR.
//
// The queue's worker backend, which makes the plain system calls, performs
// - what the backend does not take;
// - the rest of what comes back with a result for which IsForWorkers() is true.
// A backend that changes what is read or written must leave no request to the
// workers: it takes every request, refuses none, and its FinishesTransfers() is
// true.
//
// For example, with <unistd.h> and asio/backends/completion_buffer.h, a backend
// that reads inside Start(), so that no read is in flight afterwards:
//
//   class ReadInline final : public uasio::Backend {
//    public:
//     absl::string_view name() const override { return "read_inline"; }
//     bool Takes(const uasio::Request& r) const override {
//       return r.op == uasio::Op::kRead && r.offset >= 0 && r.flags == 0;
//     }
//     void Attach(int) override {}  // Nothing completes after Start().
//     void Reserve(size_t requests_max) override {
//       finished_.Reserve(requests_max);
//     }
//     size_t Start(absl::Span<uasio::Request* const> batch) override {
//       for (uasio::Request* r : batch) {
//         const size_t done = r->transferred;
//         const ssize_t n = pread(r->fd, r->buffer + done, r->length - done,
//                                 r->offset + static_cast<int64_t>(done));
//         if (n < 0) {
//           finished_.Add(r, -errno, done);
//         } else {
//           const size_t now_done = done + static_cast<size_t>(n);
//           finished_.Add(r, static_cast<int64_t>(now_done), now_done);
//         }
//       }
//       return finished_.size();
//     }
//     size_t Reap(absl::Span<uasio::Completion> out, size_t,
//                 uasio::Deadline) override {
//       return finished_.MoveTo(out);
//     }
//     void Cancel(uasio::Request*) override {}
//
//    private:
//     uasio::CompletionBuffer finished_;
//   };

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

// A request that a backend has completed or refused.
struct Completion {
  Request* request;
  int64_t result;      // Total bytes, including request->transferred; -errno;
                       // or kRefused.
  size_t transferred;  // Total bytes; valid even if the result is an error.
};

// As a result: not performed; the worker backend must do it.
inline constexpr int64_t kRefused = INT64_MIN;

class Backend {
 public:
  virtual ~Backend() = default;

  // "worker", "sync", ...
  virtual absl::string_view name() const = 0;

  // Whether the backend can perform such a request, also its flags.  The
  // workers perform all others.
  virtual bool Takes(const Request& request) const = 0;

  // True if each result is final:
  // - a read from an fd with a size is short only at the end of file, or if the
  //   fd may wait (FdTraits::may_wait) and more bytes are not yet there;
  // - a read from any other fd has the bytes that were available;
  // - a write is whole or an error;
  // - no result is -EINTR.
  // The queue then resubmits nothing.
  virtual bool FinishesTransfers() const { return false; }

  // Called at any time, once at most.  From then on the backend writes to the
  // eventfd `event_fd` (borrowed) whenever a request completes after its
  // Start() has returned: at least once after each Reap() that returned fewer
  // than fit into `out`.  If requests were in flight at Attach(), such a Reap()
  // may write to it at once.
  virtual void Attach(int event_fd) = 0;

  // At most `requests_max` requests are in flight from now on.  The backend
  // allocates what it needs for these, so that the functions below need no
  // memory.  It may throw std::bad_alloc; then the queue lends no further
  // request.
  virtual void Reserve(size_t /*requests_max*/) {}

  // The queue has memory for buffers, which stays allocated until the queue is
  // destroyed, or RemoveBuffers() is called.  A backend may register it with
  // the kernel.
  virtual void AddBuffers(char* /*data*/, size_t /*size*/) {}

  // The queue gives memory that it has added back to the kernel; nothing in
  // flight uses it.  It may add the same addresses again.  A backend that
  // registers memory must override this.  Returns
  //   true:  the memory is not registered any more;
  //   false: it must stay, and stays added.
  virtual bool RemoveBuffers(char* /*data*/, size_t /*size*/) { return true; }

  // `fd` stays the same file until RemoveFile(), which is called before it is
  // closed, when nothing is in flight on it.  A backend may register it with
  // the kernel.
  virtual void AddFile(int /*fd*/) {}
  virtual void RemoveFile(int /*fd*/) {}

  // Starts all of `batch`, if possible with few system calls.  Each request
  // continues behind the request->transferred bytes that are done.  Returns
  // how many requests completed or were refused inside Start(), and now wait
  // for Reap().
  // REQUIRES: at most the queue's depth_max are in flight, not counting those
  // on fds without a size.
  virtual size_t Start(absl::Span<Request* const> batch) = 0;

  // As Start().  The caller calls Reap() next and, if nothing completed, waits:
  // so the backend may leave to Reap() the system call that starts them.
  virtual size_t StartBeforeReap(absl::Span<Request* const> batch) {
    return Start(batch);
  }

  // Fills `out` with completed requests and returns how many.  Blocks until
  // there are `min` of them, or until `deadline`.
  // REQUIRES: min <= out.size(); at least `min` are in flight.
  virtual size_t Reap(absl::Span<Completion> out, size_t min,
                      Deadline deadline) = 0;

  // Asks that `request`, which is in flight, end early.  Reap() still returns
  // it, with -ECANCELED or with the result that it had anyway.
  virtual void Cancel(Request* request) = 0;
};

// Whether the queue gives the rest of a request that its backend has returned
// to the worker backend.  True
// - for any request that the backend refused;
// and, unless the backend FinishesTransfers(),
// - on an fd with a size, for one that would have had to wait (EAGAIN), unless
//   it has RWF_NOWAIT, or that the backend cannot do there (EOPNOTSUPP, as of
//   RWF_NOWAIT);
// - on an fd with a size, for a write that wrote nothing: only the system call
//   itself tells why.
inline bool IsForWorkers(const Backend& backend, const Completion& completion) {
  const Request& r = *completion.request;
  if (completion.result == kRefused) return true;
  if (backend.FinishesTransfers() || !r.traits.sized) return false;
  if (completion.result == -EAGAIN) return (r.flags & RWF_NOWAIT) == 0;
  if (completion.result == -EOPNOTSUPP) return true;
  return completion.result >= 0 && IsWrite(r.op) &&
         completion.transferred == r.transferred &&
         completion.transferred < r.length;
}

}  // namespace uasio

#endif  // UASIO_ASIO_BACKEND_H_
