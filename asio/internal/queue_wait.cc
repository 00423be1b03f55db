// QueueImpl's waiting calls: for any request, for a given one, for handlers.

#include <errno.h>

#include "asio/errors.h"
#include "asio/internal/probes.h"
#include "asio/internal/queue_impl.h"
#include "workqueue/check.h"

namespace uasio::internal {

// Reaps and runs due handlers until enough() is true.  False: nothing can come
// back any more, `deadline` has passed or, if it `ends_early`, Notify() was
// called.
template <typename Enough>
bool QueueImpl::WaitUntil(Deadline deadline, bool ends_early,
                          const Enough& enough) {
  for (bool last_look = false, notified = false;;) {
    RunDue();
    if (enough()) return true;
    if (last_look) {
      if (notified) router_.ClearNotification();
      return false;
    }
    const bool may_block = returnable_ > 0 && !HasPassed(deadline);
    notified = may_block && ends_early && router_.IsNotified();
    last_look = notified || !may_block;
    last_look ? ReapAnnounced() : ReapBlockingUnlessDue(deadline, ends_early);
  }
}

size_t QueueImpl::WaitMany(absl::Span<Request*> out, size_t min,
                           Deadline deadline) {
  CheckMayWait();
  UASIO_CHECK(min <= out.size(), "WaitMany: min does not fit into the span");
  if (out.empty()) return 0;
  slots_.ReleaseAged();
  if (min == 0) {
    min = 1;
    deadline = kDontWait;
  }
  if (!done_.empty()) MakeProgress();
  size_t count = 0;
  WaitUntil(deadline, /*ends_early=*/true, [&] {
    count += PopDone(out.subspan(count));
    return count >= min;
  });
  AnnounceRest();
  return count;
}

bool QueueImpl::WaitFor(Request* request, Deadline deadline) {
  CheckMayWait();
  Slot* slot = Awaitable(request);
  slots_.ReleaseAged();
  if (slot->state == RequestState::kDone) MakeProgress();
  // Whoever waits without a deadline relies on the request's being back.
  const bool ends_early = deadline != kNoDeadline;
  const bool done = WaitUntil(deadline, ends_early, [slot] {
    return slot->state == RequestState::kDone;
  });
  if (done) {
    SlotList::Remove(slot);
    HandOver(slot);
  }
  AnnounceRest();
  return done;
}

Slot* QueueImpl::Awaitable(Request* request) const {
  UASIO_CHECK(request != nullptr, "Wait: there is no request");
  Slot* slot = static_cast<Slot*>(request);
  UASIO_CHECK(slot->owner == this,
              "Wait: the request is not of this queue's Get()");
  UASIO_CHECK(IsInFlight(slot->state) || slot->state == RequestState::kDone,
              "Wait: the request is not submitted, or it is back already");
  UASIO_CHECK(slot->latch.op != Op::kWriteBack,
              "Wait: a write-back never comes back; use Sync()");
  UASIO_CHECK(slot->latch.handler == nullptr,
              "Wait: the request goes to its handler, not to the caller");
  return slot;
}

// What is waited for is not handed over: one of the batch is performed here,
// while the workers perform the others.
void QueueImpl::SubmitAndWait(absl::Span<Request* const> batch) {
  CheckMayWait();
  if (options_.measure_latency) now_ = Now();
  ++submit_;
  for (Request* request : batch) AcceptToWait(request);
  Slot* const own = TakeForOwner(batch);
  const bool reaps_next = own == nullptr && due_.empty();
  const bool completed = StartBacklog(reaps_next);
  ++submit_;
  if (completed) Reap(kDontWait);
  if (own != nullptr) PerformInline(own);
  for (Request* request : batch) WaitFor(request, kNoDeadline);
}

void QueueImpl::AcceptToWait(Request* request) {
  Slot* slot = Owned(request,
                     "SubmitAndWait: the request is not the caller's; was it "
                     "submitted or put before?");
  CheckForm(*slot);
  UASIO_CHECK(slot->op != Op::kWriteBack,
              "SubmitAndWait: a write-back never comes back");
  UASIO_CHECK(slot->handler == nullptr,
              "SubmitAndWait: the request would go to its handler");
  Accept(slot);
}

// The last request that the owner can perform, which no worker gets then;
// nullptr: there is none.
Slot* QueueImpl::TakeForOwner(absl::Span<Request* const> batch) {
  for (size_t i = batch.size(); i > 0; --i) {
    Slot* slot = static_cast<Slot*>(batch[i - 1]);
    if (!router_.CanPerformInline(*slot)) continue;
    slot->inlined = true;
    if (slot->state == RequestState::kBacklog) {
      SlotList::Remove(slot);
      SetState(slot, RequestState::kInline);
    }
    return slot;
  }
  return nullptr;
}

// Performs `slot` once its order lets it run, unless a handler cancels it or
// releases it to the workers.  No handler runs while it is kInline.
void QueueImpl::PerformInline(Slot* slot) {
  while (slot->state == RequestState::kHeld) {
    RunDue();
    if (slot->state != RequestState::kHeld) break;
    ReapBlockingUnlessDue(kNoDeadline);
  }
  if (slot->state != RequestState::kInline) return;
  RestoreAsSubmitted(slot);
  ++stats_.owner;
  ProbeStart(*slot, "caller");
  slot->result = router_.PerformInline(slot).result;
  Finish(slot);
  if (in_flight_ > 0) Reap(kDontWait);
}

bool QueueImpl::RunHandlers(Deadline deadline, bool ends_early) {
  CheckMayWait();
  MakeProgress();
  bool notified = false;
  while (due_.empty()) {
    const bool none_runs = in_flight_ == returnable_ + writebacks_;
    if (none_runs || HasPassed(deadline)) break;
    notified = ends_early && router_.IsNotified();
    if (notified) break;
    Reap(deadline, ends_early);
  }
  if (due_.empty() || HasPassed(deadline)) ReapAnnounced();
  const bool any = !due_.empty();
  if (notified && !any) router_.ClearNotification();
  RunDue();
  AnnounceRest();
  return any;
}

absl::Status QueueImpl::EnableNotify() {
  CheckCaller();
  if (router_.EnableNotify()) return absl::OkStatus();
  return ErrnoStatus(errno, "cannot create the queue's eventfd");
}

void QueueImpl::Notify() {
  UASIO_CHECK(owner_.IsThisProcess(),
              "Queue: a forked child must not use its parent's queue");
  router_.Notify();
}

}  // namespace uasio::internal
