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
#include <vector>

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
  // As Queue::WaitMany(), but blocks until `deadline` at most, and then returns
  // 0.
  size_t WaitMany(absl::Span<Request*> out, Deadline deadline);
  bool RunHandlers(Deadline deadline);
  absl::Status Sync();
  // For a queue whose thread ends.  Cancels reads on fds without a size and of
  // files that may wait, because these may never complete.  Completes
  // everything on fds with a size, and runs due handlers.  Does not wait for
  // writes to pipes, sockets and terminals.
  void FinishWithThread();
  void Cancel(Request* request);
  absl::StatusOr<int> event_fd();
  void Use(int fd);
  absl::Status Forget(int fd);
  size_t ReleaseIdleBuffers();
  const Ledger& ledger() const { return ledger_; }
  void ClearErrors(int fd);
  size_t in_flight() const { return in_flight_ + handlers_due_; }
  size_t writebacks() const { return writebacks_; }
  const QueueOptions& options() const { return options_; }
  absl::string_view backend_name() const { return router_.backend_name(); }
  void CheckCaller() const;

 private:
  void CheckMayWait() const;
  Slot* Owned(Request* request, const char* rule) const;
  void SetState(Slot* slot, RequestState state);
  Slot* TakeSlot();
  void Reserve(size_t requests);

  // Submitting.
  void CheckForm(const Slot& slot) const;
  void Accept(Slot* slot);
  bool MayStart(Slot* slot);
  void WaitForWritebackRoom();
  bool StartBacklog();
  void MakeProgress();

  // Reaping.
  bool Reap(Deadline deadline);
  void ReapBlockingUnlessDue(Deadline deadline);
  void ReapAnnounced();
  void Finish(Slot* slot);
  void HandOver(Slot* slot);
  size_t PopDone(absl::Span<Request*> out);
  void RunDue();
  void AnnounceRest();

  const QueueOptions options_;
  const Owner owner_;
  bool in_handler_ = false;
  bool closing_ = false;
  bool polled_ = false;  // event_fd() was called.

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
  size_t older_ = 0;         // Of in_flight(): older than the last Sync().

  std::vector<Slot*> batch_;             // Scratch memory of StartBacklog().
  std::vector<Completion> completions_;  // Scratch memory of Reap().
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_QUEUE_IMPL_H_
