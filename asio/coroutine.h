// A CoroutineQueue lets C++20 coroutines await the requests of a Queue.
//
// Threads:   the queue's.
// Ownership: borrows the queue.  Read() and Write() use the queue's own
//            buffers, so memory of the caller is touched only while the
//            coroutine runs.
// Order:     the queue's; coroutines that wait for a request get it first come,
//            first served.
// Blocks:    nothing but the destructor.  A coroutine suspends; the queue's
//            waiting calls (Wait(), RunHandlers(), Sync(), ...) resume it, so
//            it must not call these itself.
// Errors:    absl::Status or StatusOr; broken rules end the program.
// Cost:      no allocation per operation.
//
//   Task Count(CoroutineQueue* io, const File& file, int64_t* lines) {
//     std::vector<char> block(65536);
//     for (int64_t at = 0;; at += block.size()) {
//       auto got = co_await io->Read(file, at, absl::MakeSpan(block));
//       if (!got.ok() || *got == 0) co_return;
//       *lines += std::count(block.begin(), block.begin() + *got, '\n');
//     }
//   }
//   ...
//   CoroutineQueue io(&queue);
//   Count(&io, file, &lines);
//   while (io.in_flight() > 0) queue.RunHandlers();
//
// Task is any coroutine type; the library has none.  An exception must not
// leave resume(): handlers are noexcept.
//
// To cancel an operation, destroy the suspended coroutine.  Its request is
// cancelled, and goes back to the queue when it completes; a write may still
// happen.  Until then the file must stay open: declare Files outside.  In a
// forked child, destroying coroutines and the CoroutineQueue only frees memory.

#ifndef UASIO_ASIO_COROUTINE_H_
#define UASIO_ASIO_COROUTINE_H_

#if __cplusplus < 202002L
#error "asio/coroutine.h needs C++20"
#endif

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/request.h"
#include "clists/clist.h"
#include "workqueue/check.h"
#include "workqueue/owner.h"

namespace uasio {

class CoroutineQueue {
 private:
  class Awaiter;

 public:
  class GetAwaiter;
  class SubmitAwaiter;
  class ReadAwaiter;
  class StatusAwaiter;

  explicit CoroutineQueue(Queue* queue);

  // Waits for what destroyed coroutines have left in flight.
  // REQUIRES: no coroutine is suspended in it; not called by a coroutine that
  // it has resumed.
  ~CoroutineQueue() {
    if (!owner_.IsThisProcess()) return;
    UASIO_CHECK(suspended_ == 0 && !resuming_,
                "~CoroutineQueue: a coroutine is still suspended in it");
    while (in_flight() > 0) internal::WaitForHandler(queue_);
  }

  CoroutineQueue(const CoroutineQueue&) = delete;
  CoroutineQueue& operator=(const CoroutineQueue&) = delete;

  // co_await Read(): reads to.size() bytes at `offset`, or at kFilePosition.
  // Returns how many were read: on an fd with a size, less only at the end of
  // file; or an error.  `to` needs no alignment.
  // REQUIRES, for this and Write(): at most the queue's buffer_bytes.
  [[nodiscard]] ReadAwaiter Read(const File& file, int64_t offset,
                                 absl::Span<char> to);

  // co_await Write(): writes all of `from`, or returns an error.
  [[nodiscard]] StatusAwaiter Write(const File& file, int64_t offset,
                                    absl::Span<const char> from);

  // co_await Fsync(), Fdatasync(): also cover the writes submitted before.
  [[nodiscard]] StatusAwaiter Fsync(const File& file);
  [[nodiscard]] StatusAwaiter Fdatasync(const File& file);

  // co_await Get(): Queue::Get(), but if all requests are out, suspends until
  // one is back.  Never nullptr.  The caller owns the request, for Submit()
  // below or for Queue::Submit() and Queue::Put().
  [[nodiscard]] GetAwaiter Get();

  // co_await Submit(): submits a request that the caller has filled in, and
  // returns it when it has completed; the caller owns it again.  Without a copy
  // in memory, for every operation but write-back.  If the coroutine is
  // destroyed meanwhile, the queue takes the request back; so a Lease in the
  // coroutine must not have it.
  // REQUIRES: as Queue::Submit(); it has no handler.  user_data is overwritten.
  [[nodiscard]] SubmitAwaiter Submit(Request* request);

  // Serves coroutines that wait for a request, as far as requests are free.
  // Completions of this CoroutineQueue do so anyway: call it after a Put()
  // elsewhere, if none may be in flight.  Resumes coroutines.
  // REQUIRES: not called by a coroutine that it has resumed.
  void ResumeWaiting() {
    if (waiting_.empty()) return;
    resuming_ = true;
    ServeWaiting();
    resuming_ = false;
  }

  // How many requests of coroutines are submitted and not completed, those of
  // destroyed coroutines included.
  [[nodiscard]] size_t in_flight() const noexcept { return in_flight_; }

  // How many coroutines wait for a request.
  [[nodiscard]] size_t waiting() const noexcept { return waiting_.size(); }

  [[nodiscard]] Queue* queue() const noexcept { return queue_; }

 private:
  // A request in flight.  It outlives the awaiter of a destroyed coroutine.
  struct Operation {
    CoroutineQueue* owner;
    Awaiter* awaiter;  // nullptr: the coroutine was destroyed.
    Request* request;
    Operation* next_idle;
  };

  // The part of a suspended coroutine; stands in its frame.
  //   waiting_ --OnRequest()--> in flight --HandleCompletion()--> resumed
  class Awaiter {
   public:
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;

   protected:
    explicit Awaiter(CoroutineQueue* owner) : owner_(owner) {}
    ~Awaiter() {
      if (suspended_) Abandon();
    }

    CoroutineQueue* owner() const { return owner_; }

    // Takes a request, if one is free and nobody waits.
    Request* TryGet() {
      return owner_->waiting_.empty() ? owner_->queue_->Get() : nullptr;
    }
    void Suspend(std::coroutine_handle<> handle) {
      handle_ = handle;
      suspended_ = true;
      ++owner_->suspended_;
    }
    void WaitForRequest() { owner_->waiting_.AddTail(this); }
    void Start(Request* request);
    void Resume() {
      suspended_ = false;
      --owner_->suspended_;
      handle_.resume();
    }

    Request* request_ = nullptr;  // Completed, or got: the coroutine's.

   private:
    friend class CoroutineQueue;

    // Gets a request of WaitForRequest().
    virtual void OnRequest(Request* request) = 0;
    void Abandon();

    CoroutineQueue* const owner_;
    Cnode node_ = {};  // On waiting_.
    Operation* operation_ = nullptr;
    std::coroutine_handle<> handle_;
    bool suspended_ = false;
  };

  class OperationAwaiter;

  using Waiting = Clist<Awaiter, &Awaiter::node_>;

  void GiveBack(Operation* operation) {
    operation->next_idle = idle_;
    idle_ = operation;
  }
  static void HandleCompletion(Request* request) noexcept;
  void ServeWaiting();

  Queue* const queue_;
  const Owner owner_;
  const std::unique_ptr<Operation[]> operations_;  // For requests_max.
  Operation* idle_ = nullptr;
  size_t in_flight_ = 0;
  Waiting waiting_;  // In the order of their calls.
  size_t suspended_ = 0;
  bool resuming_ = false;  // A coroutine runs that this has resumed.
};

}  // namespace uasio

#include "asio/coroutine_awaiters.h"  // IWYU pragma: export

#endif  // UASIO_ASIO_COROUTINE_H_
