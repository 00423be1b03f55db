// The implementation of Queue.  asio/queue.h has the contract, and says what
// each public function does.
//
// Threads:   the queue's thread only.
//
// The state of a request (see RequestState) says on which list it is; only
// SetState() changes the state.

#ifndef UASIO_ASIO_INTERNAL_QUEUE_IMPL_H_
#define UASIO_ASIO_INTERNAL_QUEUE_IMPL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "asio/backend.h"
#include "asio/internal/fd_table.h"
#include "asio/internal/router.h"
#include "asio/internal/slot.h"
#include "asio/ledger.h"
#include "asio/queue.h"
#include "asio/request.h"
#include "asio/stats.h"
#include "workqueue/deadline.h"
#include "workqueue/owner.h"

namespace uasio::internal {

class QueueImpl {
 public:
  QueueImpl(const QueueOptions& options, std::unique_ptr<Backend> backend);
  ~QueueImpl();

  // Why the queue cannot work, as Queue::Create() returns it: then only the
  // destructor may be called.
  absl::Status status() const;

  Request* Get();
  void Put(Request* request);
  void Submit(absl::Span<Request* const> batch);
  size_t WaitMany(absl::Span<Request*> out, size_t min, Deadline deadline);
  bool WaitFor(Request* request, Deadline deadline);
  void SubmitAndWait(absl::Span<Request* const> batch);
  bool RunHandlers(Deadline deadline, bool ends_early);
  void Submit(Request* request, absl::AnyInvocable<void(Request*)> closure);
  absl::Status Sync();
  // For a queue whose thread ends.  Cancels reads on fds without a size and of
  // files that may wait, because these may never complete.  Completes
  // everything on fds with a size, and runs due handlers.  Does not wait for
  // writes to pipes, sockets and terminals.
  void FinishWithThread();
  // Waits until nothing is in flight on `fd`, and runs handlers.
  void SyncFd(int fd);
  void Cancel(Request* request);
  void CancelAll();
  void CancelFd(int fd);
  void ForEachInFlight(absl::FunctionRef<void(const Request&)> call);
  absl::Status EnableNotify();
  void Notify();
  absl::StatusOr<int> event_fd();
  void Use(int fd);
  FileFacts UseUnregistered(int fd);
  absl::Status Forget(int fd);
  size_t ReleaseIdleBuffers();
  const Ledger& ledger() const { return ledger_; }
  void ClearErrors(int fd);
  size_t in_flight() const { return in_flight_ + handlers_due_; }
  size_t writebacks() const { return writebacks_; }
  const QueueStats& stats() const { return stats_; }
  std::string DebugString() const;
  const QueueOptions& options() const { return options_; }
  absl::string_view backend_name() const { return router_.backend_name(); }
  void CheckCaller() const;

  // See asio/lease.h.
  void CountLease();
  void DiscountLease();
  void PutLeased(Request* request);

 private:
  void CheckMayWait() const;
  Slot* Owned(Request* request, const char* rule) const;
  void SetState(Slot* slot, RequestState state);
  void AddIdle(Slot* slot);
  Slot* TakeSlot();
  void Reserve(size_t requests);

  // Submitting.
  void CheckForm(const Slot& slot) const;
  void Accept(Slot* slot);
  bool MayStart(Slot* slot);
  void WaitForWritebackRoom();
  bool StartBacklog(bool reaps_next = false);
  void MakeProgress();

  // Waiting.
  template <typename Enough>
  bool WaitUntil(Deadline deadline, bool ends_early, const Enough& enough);
  Slot* Awaitable(Request* request) const;
  void WaitForOne(Slot* slot);
  void AcceptToWait(Request* request);
  Slot* TakeForOwner(absl::Span<Request* const> batch);
  void PerformInline(Slot* slot);

  // Cancelling.
  template <typename Selects>
  void CancelIf(const Selects& selects);
  void CancelSlot(Slot* slot);

  // Reaping.
  bool Reap(Deadline deadline, bool ends_early = false);
  void ReapBlockingUnlessDue(Deadline deadline, bool ends_early = false);
  void ReapAnnounced();
  void Finish(Slot* slot);
  void Count(const Slot& slot);
  static int64_t Now();
  void HandOver(Slot* slot);
  size_t PopDone(absl::Span<Request*> out);
  void RunDue();
  void AnnounceRest();

  const QueueOptions options_;
  const Owner owner_;
  bool in_handler_ = false;
  bool closing_ = false;
  bool polled_ = false;  // event_fd() was called.

  QueueStats stats_;
  int64_t now_ = 0;  // When the last Submit() began, if latency is measured.
  uint64_t submit_ = 0;  // Counts the begins and ends of Submit().

  Router router_;
  SlotPool slots_;
  FdTable fds_;
  Ledger ledger_;

  SlotList idle_;
  SlotList backlog_;
  SlotList done_;
  SlotList due_;

  size_t in_flight_ = 0;     // Requests in kHeld, kBacklog and kRunning.
  size_t writebacks_ = 0;    // Of in_flight_: write-backs.
  size_t depth_ = 0;         // Of in_flight_: running, on fds with a size.
  size_t returnable_ = 0;    // Of in_flight_: those that Wait() will return.
  size_t handlers_due_ = 0;  // Requests on due_.
  uint64_t round_ = 0;       // Counts the Sync()s.
  size_t leases_ = 0;        // Leases that have a request.
  size_t older_ = 0;         // Of in_flight(): older than the last Sync().

  std::vector<Slot*> batch_;             // Scratch memory of StartBacklog().
  std::vector<Completion> completions_;  // Scratch memory of Reap().
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_QUEUE_IMPL_H_
