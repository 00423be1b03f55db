// A Queue hands I/O requests to a backend on behalf of one thread.
//
// Threads:   only the thread that created it, until it is destroyed; Notify()
//            any thread.  The pool behind it may be shared.
// Ownership: Get() lends a Request until Put(); the queue owns its buffer.
// Units:     bytes; on a direct file, multiples of its alignment.
// Order:     see Order; by default, requests that conflict run in the order in
//            which they were submitted.
// Blocks:    Wait(), WaitFor(), WaitUntil(), WaitMany(), SubmitAndWait(),
//            RunHandlers(), Sync(), SyncAndClose(), the destructor, and
//            Submit() of a write-back at its bound.
// Errors:    request.result is bytes or -errno; the ledger keeps the errors of
//            write-backs and syncs.  A broken rule ends the program with a
//            message that names the rule.
// Signals:   failed writes give EPIPE and EFBIG on every backend, and never
//            raise SIGPIPE or SIGXFSZ in the program.
//
//   Queue queue;
//   Request* r = queue.Get();
//   if (r == nullptr) ...
//   queue.Submit(r->Read(file, 0, 65536));
//   ...                            // Other work, while the request runs.
//   r = queue.Wait();
//   if (!r->status().ok()) ...
//   queue.Put(r);                  // A Lease (asio/lease.h) puts it itself.

#ifndef UASIO_ASIO_QUEUE_H_
#define UASIO_ASIO_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "asio/backend.h"
#include "asio/ledger.h"
#include "asio/request.h"
#include "asio/stats.h"

namespace uasio {

class File;
class Lease;
class Queue;
class WorkerPool;

namespace internal {
class QueueImpl;
void FinishWithThread(Queue* queue);
void WaitForHandler(Queue* queue);
FileFacts UseUnregistered(Queue* queue, int fd);
}  // namespace internal

enum class Order {
  // Files and buffers end up as if the requests had run one by one.  Requests
  // on one fd conflict if they overlap and one of them writes; these run in
  // order of submission, all others in parallel.  A request without a range of
  // its own (at kFilePosition, a write to an O_APPEND fd) overlaps everything
  // on its fd.  On an fd without a size (pipe, socket, terminal), reads run one
  // by one, and so do writes, but a waiting read holds back no write.  A sync
  // covers every write submitted before it on its fd.  Two fds of one file are
  // not ordered.
  kRange,
  // No order.  The caller submits no two conflicting requests at a time.
  kNone,
};

struct QueueOptions {
  size_t buffer_bytes = 64 << 10;  // Size of each request's own buffer.
  size_t requests_max = 256;       // Requests lent, in flight or completed.
  size_t depth_max = 64;           // Requests with the backends.  Pipes,
                                   // sockets and terminals do not count: such
                                   // requests may never complete.
  size_t writebacks_max = 32;      // Write-backs in flight.  Clamped to
                                   // requests_max - 1, but at least 1.
  Order order = Order::kRange;

  // A read of up to 64 KiB that the page cache has completes inside Submit(),
  // or whatever call starts it, if no backend takes it and the file system
  // knows RWF_NOWAIT (ext4, XFS and btrfs do; tmpfs, overlayfs and FUSE do
  // not).  It costs that call the copying, but no hand-over to a thread.  After
  // attempts that failed, few others are made, until one succeeds.  In a queue
  // that reads many at a time, one io_submit(2) reads them, where the kernel
  // has it: that takes 64 of fs.aio-max-nr, and the queue's end some
  // milliseconds.  A filter that kills whoever calls io_setup(2) must learn of
  // it, or this must be false.
  bool cached_reads = true;

  bool measure_latency = false;  // For stats(); reads the clock at each
                                 // Submit() and each completion.

  // The threads behind the queue; borrowed, must outlive the queue.  nullptr:
  // - threads_max is 0: the pool of the process, which has at most 64 threads.
  //   Its queues share it; the first one makes it, the last one destroys it.
  // - else: a pool of the queue's own, of up to threads_max threads.
  WorkerPool* pool = nullptr;
  size_t threads_max = 0;

  // Put(), Wait(), WaitFor(), WaitUntil() and WaitMany() give the memory of
  // buffers back that have been idle for this long, or up to a quarter longer;
  // see ReleaseIdleBuffers().  A queue that nobody calls keeps it.
  absl::Duration idle_buffers_age = absl::InfiniteDuration();
};

class Queue {
 public:
  // The pool's worker threads perform what `backend` leaves to them (see
  // asio/backend.h), and all requests if there is no backend.  A backend is
  // never replaced.
  // REQUIRES: no bound but threads_max is 0; with a backend, the process has an
  // fd left for an eventfd: where that may fail, use Create().
  explicit Queue(const QueueOptions& options = {},
                 std::unique_ptr<Backend> backend = nullptr);

  // The same; returns an error if the process has no fd left.
  static absl::StatusOr<std::unique_ptr<Queue>> Create(
      const QueueOptions& options = {},
      std::unique_ptr<Backend> backend = nullptr);

  // Completes every submitted request, held ones included, and runs their
  // handlers, which must not submit any more.  Then prints to stderr the kept
  // errors that no Sync() has returned and nobody cleared.  All requests and
  // buffers of the queue become invalid; no Lease may have one any more. Blocks
  // for ever if a request waits for a pipe that never becomes ready: Cancel()
  // it first.  In a forked child it only frees the child's memory and fds,
  // silently; every other call ends the child.
  ~Queue();

  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // Lends an empty request.  Returns nullptr if requests_max are lent, in
  // flight or completed, or if there is no memory for it.  Then Put() a
  // request, or Wait(), or Sync().  Only Get() allocates memory for requests:
  // what it has lent can be submitted and completes, also when no memory is
  // left.
  [[nodiscard]] Request* Get() noexcept;

  // Takes a request back; a later Get() lends it again.
  // REQUIRES: the caller owns it, by Get(), by a waiting call or as the
  // argument of its handler.
  void Put(Request* request) noexcept;

  // Starts a request, or a batch with few system calls.  If a request is held
  // by its order, or if depth_max are with the backends, a later call starts
  // it.  Blocks if it is a write-back and writebacks_max are in flight.  A
  // write-back never comes back: when it completes, the queue takes it back as
  // by Put(), and the ledger keeps its error.  Runs no handler.
  // REQUIRES: as Put(); length is at most buffer_bytes in the queue's buffer;
  // a write-back has no handler.
  void Submit(Request* request) { Submit(absl::MakeConstSpan(&request, 1)); }
  void Submit(absl::Span<Request* const> batch);

  // The same for a request in a Lease, which is empty afterwards.
  void Submit(Lease&& lease);

  // The same, with a closure as the request's handler: it is called once, as a
  // handler is, and then destroyed.  Allocates no more than the closure does.
  // REQUIRES: `closure` is not empty, and the request has no handler.
  void Submit(Request* request, absl::AnyInvocable<void(Request*)> closure);

  // Waits for a request without a handler to complete, and returns it.  Runs
  // due handlers.  Returns nullptr if everything in flight has a handler or is
  // a write-back; use Sync() to wait for those; or if Notify() ends it.
  // REQUIRES, for this and all further functions up to Sync(): not called by a
  // handler.
  [[nodiscard]] Request* Wait() { return WaitFor(absl::InfiniteDuration()); }

  // As Wait(), but does not block: also nullptr if none has completed.
  [[nodiscard]] Request* TryWait() { return WaitFor(absl::ZeroDuration()); }

  // As Wait(), but blocks for `timeout` at most, measured on the steady clock,
  // and then returns nullptr.
  [[nodiscard]] Request* WaitFor(absl::Duration timeout);

  // As Wait(), but blocks until `deadline` on the wall clock at most, and then
  // returns nullptr.  Reads that clock once, when called: setting it later does
  // not change how long the call waits.
  [[nodiscard]] Request* WaitUntil(absl::Time deadline);

  // As Wait(), but fills `out` with all that have completed, as far as they
  // fit.  Returns how many; 0 where Wait() returns nullptr, or if nothing fits.
  [[nodiscard]] size_t WaitMany(absl::Span<Request*> out);

  // The same, but blocks until at least `min` have completed, for `timeout` at
  // most.  Returns how many; fewer than `min` if the time is over, if no more
  // can come back, or if Notify() ends it.
  // REQUIRES: min <= out.size().
  [[nodiscard]] size_t WaitMany(absl::Span<Request*> out, size_t min,
                                absl::Duration timeout);

  // Waits until `request` has completed; then the caller owns it.  All others
  // stay for Wait().  Runs due handlers.
  // REQUIRES: it is submitted and not back; it has no handler; it is no
  // write-back.
  void Wait(Request* request) {
    (void)WaitFor(request, absl::InfiniteDuration());
  }

  // The same, but blocks for `timeout` at most.  Returns
  //   true:  the caller owns it; always, if `timeout` is infinite;
  //   false: it has not completed yet, or Notify() ends the call.
  [[nodiscard]] bool WaitFor(Request* request, absl::Duration timeout);

  // As Submit(), and then Wait(request) for each; but this thread performs one
  // of them itself, the last that no backend takes and whose fd has a size, so
  // that it costs no hand-over to another thread.  Handlers do not run
  // meanwhile.
  // REQUIRES: as Submit() and Wait(request).
  void SubmitAndWait(Request* request) {
    SubmitAndWait(absl::MakeConstSpan(&request, 1));
  }
  void SubmitAndWait(absl::Span<Request* const> batch);

  // Runs due handlers only; other completions stay for Wait().  If no handler
  // is due, waits for one until `deadline`, as WaitUntil() does.  Returns
  //   true:  a handler ran;
  //   false: nothing in flight has a handler, `deadline` has passed, or
  //          Notify() ends the call.
  bool RunHandlers(absl::Time deadline = absl::InfiniteFuture());

  // This is no fsync: it does not make data durable.  Waits until everything
  // submitted before it has completed, and runs the handlers of that.  Returns
  //   OK:       the ledger keeps no error that the caller has not seen;
  //   an error: those that the caller has not seen as results, again each time
  //             until they are cleared.
  // To run until no handler submits any more:
  //   while (queue.in_flight() > 0) status = queue.Sync();
  absl::Status Sync();

  // Asks that a submitted request end early.  It still comes back exactly once,
  // with -ECANCELED or with the result that it had anyway.  If it has not
  // started, it completes at once, and requests that it blocked may start.
  // REQUIRES: it is in flight or completed; it is no write-back.
  void Cancel(Request* request);

  // Cancels everything in flight, or on `fd`, except for write-backs.  Also
  // that of streams on this queue: their reads and writes fail.
  void CancelAll();
  void CancelFd(int fd);

  // Calls `call` with each of the in_flight() requests, write-backs included,
  // in no particular order.
  // REQUIRES: `call` does not call the queue.
  void ForEachInFlight(absl::FunctionRef<void(const Request&)> call);

  // Prepares Notify().  From now on the queue waits by its eventfd, which costs
  // two more system calls each time that a call blocks.  Returns an error if
  // the eventfd cannot be created.
  absl::Status EnableNotify();

  // Ends, as if its time were over, a call that blocks or, if none does, the
  // next one that would block: Wait(), WaitFor(), WaitUntil(), WaitMany() or
  // RunHandlers().  Several Notify() may end one call.  Calls that return only
  // when something has completed go on: Wait(request), SubmitAndWait(), Sync(),
  // SyncAndClose(), the destructor, and those of streams.  Makes the event_fd()
  // readable.  May be called by any thread, and by a signal handler.
  // REQUIRES: EnableNotify() has returned OK; the queue is not destroyed before
  // this returns; this is not a forked child.
  void Notify() noexcept;

  // Returns an eventfd for poll(2) and epoll(7), which is readable whenever a
  // call could make progress; or an error if it cannot be created.  The queue
  // owns it: do not read it, do not close it.  Spurious wake-ups are possible.
  // These make it unreadable, unless completions are left for another call, or
  // what is submitted meanwhile completes at once, as cached reads do:
  // - TryWait(), called until it returns nullptr;
  // - RunHandlers() with a deadline that has passed, called once.
  // If the system refuses the pool a thread while all others are busy, only a
  // call asks again.  A loop that must survive that gives poll(2) a timeout.
  absl::StatusOr<int> event_fd();

  // Keeps what the queue learns of the file now until Forget(), Close() or the
  // end of the queue, so that no request asks again: each saves two system
  // calls (fcntl and statx) where no other is in flight on the file.  A backend
  // may register the file with the kernel.  May wait for a file system.  Later
  // changes of the fd's flags, as by fcntl(2), have no effect on the queue.
  // Again, or without memory: no effect.
  // REQUIRES: it is open, and stays the same file until it is forgotten.
  void Use(const File& file);
  void Use(int fd);

  // Drops what the queue knows of `fd`, ends its use, and returns the errors
  // that the ledger kept of it, without those that the caller has seen as
  // results.  Call it before `fd` is closed. REQUIRES: nothing is in flight on
  // it.
  absl::Status Forget(int fd);

  // Forgets and closes `file`.  Returns the kept errors, or else the error of
  // closing.
  absl::Status Close(File* file);

  // Waits until nothing is in flight on `file`, runs the handlers of that, and
  // then does what Close() does.  As Sync(), this is no fsync: it does not make
  // data durable.  Results without a handler stay for Wait().
  // REQUIRES: not called by a handler.
  absl::Status SyncAndClose(File* file);

  // Gives the memory of buffers back to the kernel, as after a burst: buffers
  // come in groups, and those go of which every request has been put.  Returns
  // how many bytes.  Get() lends them again as before; their contents are gone.
  size_t ReleaseIdleBuffers() noexcept;

  // The kept errors of write-backs and syncs; ClearErrors() drops those of
  // `fd`.
  [[nodiscard]] const Ledger& ledger() const noexcept;
  void ClearErrors(int fd);

  // How many requests are submitted and not completed, or completed and their
  // handlers have not run; how many of these are write-backs.
  [[nodiscard]] size_t in_flight() const noexcept;
  [[nodiscard]] size_t writebacks() const noexcept;

  // What the queue has done so far; see asio/stats.h.
  [[nodiscard]] const QueueStats& stats() const noexcept;

  // For people: a line that counts what is in flight, and one for each request
  // that is, or that is completed and not collected: its state, where it runs,
  // with measure_latency for how long, and what it does.
  [[nodiscard]] std::string DebugString() const;

  [[nodiscard]] const QueueOptions& options() const noexcept;

  // The name() of the queue's backend; "worker" if it has none.
  [[nodiscard]] absl::string_view backend_name() const noexcept;

  // Ends the program unless called in the thread and the process that created
  // the queue.
  void CheckCaller() const noexcept;

 private:
  friend void internal::FinishWithThread(Queue* queue);

  // As RunHandlers(), but Notify() does not end it.
  friend void internal::WaitForHandler(Queue* queue);

  // As Use(), and returns what the queue has learnt.  No backend registers the
  // file: for a file of few requests that would cost more than it saves.
  friend FileFacts internal::UseUnregistered(Queue* queue, int fd);
  friend class Lease;
  static void CountLease(Request* request);
  static void DiscountLease(Request* request);
  static void PutLeased(Request* request);

  // Sets `*status`: an error means that the queue can only be destroyed.
  Queue(const QueueOptions& options, std::unique_ptr<Backend> backend,
        absl::Status* status);

  const std::unique_ptr<internal::QueueImpl> impl_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_QUEUE_H_
