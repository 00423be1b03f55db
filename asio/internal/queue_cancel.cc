// QueueImpl's cancellation: of one request, of those on an fd, of all.

#include <errno.h>

#include "asio/internal/queue_impl.h"
#include "workqueue/check.h"

namespace uasio::internal {

void QueueImpl::Cancel(Request* request) {
  CheckCaller();
  UASIO_CHECK(request != nullptr, "Cancel: there is no request");
  Slot* slot = static_cast<Slot*>(request);
  UASIO_CHECK(slot->owner == this,
              "Cancel: the request is not of this queue's Get()");
  UASIO_CHECK(
      slot->state != RequestState::kOwned && slot->state != RequestState::kIdle,
      "Cancel: the request is not submitted");
  UASIO_CHECK(slot->latch.op != Op::kWriteBack,
              "Cancel: a submitted write-back is not the caller's any more");
  CancelSlot(slot);
  if (StartBacklog()) Reap(kDontWait);
  AnnounceRest();
}

void QueueImpl::CancelAll() {
  CancelIf([](const Request&) { return true; });
}

void QueueImpl::CancelFd(int fd) {
  CancelIf([fd](const Request& r) { return r.fd == fd && r.op != Op::kNoOp; });
}

// Nothing starts before all are cancelled, so what they released is not started
// only to be cancelled.
template <typename Selects>
void QueueImpl::CancelIf(const Selects& selects) {
  CheckCaller();
  for (Slot& slot : slots_) {
    if (!IsInFlight(slot.state) || slot.latch.op == Op::kWriteBack) continue;
    if (selects(slot.latch)) CancelSlot(&slot);
  }
  if (StartBacklog()) Reap(kDontWait);
  AnnounceRest();
}

// Completes at once what has not started; StartBacklog() must follow.
void QueueImpl::CancelSlot(Slot* slot) {
  if (slot->state == RequestState::kDone) return;
  if (slot->state == RequestState::kRunning) return router_.Cancel(slot);
  if (slot->state == RequestState::kBacklog) SlotList::Remove(slot);
  slot->result = -ECANCELED;
  Finish(slot);
}

}  // namespace uasio::internal
