// QueueImpl's second half: from the backlog to the caller or the handler.

#include <errno.h>

#include "asio/internal/probes.h"
#include "asio/internal/queue_impl.h"

namespace uasio::internal {
namespace {

// Whether the ledger keeps the error.  A failed write-back does not come back,
// so nobody else sees its error.  A failed sync is kept with any errno except
// ECANCELED, also EBADF and EINVAL: a file system passes on what its server or
// device returned, so no errno says that the data is safe.
bool IsToBeKept(const Slot& slot) {
  if (slot.result >= 0) return false;
  return slot.latch.op == Op::kWriteBack ||
         (IsSync(slot.latch.op) && slot.result != -ECANCELED);
}

}  // namespace

// Starts the backlog, up to depth_max.  True if requests completed inside this
// call.
// REQUIRES: if `reaps_next`, the caller calls Reap() next.
bool QueueImpl::StartBacklog(bool reaps_next) {
  batch_.clear();
  while (depth_ < options_.depth_max) {
    Slot* slot = backlog_.RemoveHead();
    if (slot == nullptr) break;
    if (slot->latch.traits.sized) ++depth_;
    // Inside its own Submit(), nobody can have changed it.
    if (slot->submit != submit_) RestoreAsSubmitted(slot);
    SetState(slot, RequestState::kRunning);
    batch_.push_back(slot);
  }
  if (depth_ >= options_.depth_max && !backlog_.empty()) ++stats_.depth_reached;
  return !batch_.empty() && router_.Start(batch_, reaps_next) > 0;
}

// Reaps, releases held requests, starts the backlog, and resubmits after short
// transfers.  Does nothing if none of that can be due.
void QueueImpl::MakeProgress() {
  if (in_flight_ > router_.running() || router_.MayResubmit()) {
    Reap(kDontWait);
  }
}

// Waits for at least one completion, until `deadline` or, if it `ends_early`, a
// notification.  Finishes all completed requests and starts those that may
// start then.  Runs no handler.  False if nothing completed.
bool QueueImpl::Reap(Deadline deadline, bool ends_early) {
  bool any = false;
  bool more;
  if (deadline != kDontWait) ++stats_.waits;
  do {
    const size_t count =
        router_.Reap(absl::MakeSpan(completions_), deadline, ends_early);
    for (const Completion& c : absl::MakeSpan(completions_).first(count)) {
      Slot* slot = static_cast<Slot*>(c.request);
      slot->result = c.result;
      slot->transferred = c.transferred;
      if (slot->latch.traits.sized) --depth_;
      Finish(slot);
    }
    any |= count > 0;
    deadline = kDontWait;
    more = StartBacklog() || count == completions_.size();
  } while (more);
  return any;
}

// Ends a request's time in flight, whether it ran, or was cancelled before.
void QueueImpl::Finish(Slot* slot) {
  Count(*slot);
  --in_flight_;
  if (slot->round < round_ && slot->latch.handler == nullptr) --older_;
  if (slot->latch.IsReturnable()) --returnable_;
  if (slot->descriptor != nullptr) {
    FileOrder* order = slot->descriptor->OrderOf(slot->latch.op);
    order->Remove(slot, [this](OrderNode* node) {
      Slot* released = static_cast<Slot*>(node);
      // A handler may block for room before SubmitAndWait() goes on.
      const bool here = released->inlined && !in_handler_;
      SetState(released, here ? RequestState::kInline : RequestState::kBacklog);
    });
    fds_.Release(slot->descriptor);
    slot->descriptor = nullptr;
  }
  if (IsToBeKept(*slot)) {
    RestoreAsSubmitted(slot);
    slot->latch.kept = ledger_.Enter(*slot);
  }
  if (slot->latch.op == Op::kWriteBack) {
    --writebacks_;
    SetState(slot, RequestState::kIdle);
  } else {
    SetState(slot, RequestState::kDone);
  }
}

void QueueImpl::Count(const Slot& slot) {
  OpStats& op = stats_.ops[static_cast<size_t>(slot.latch.op)];
  ++op.completed;
  op.bytes += slot.transferred;
  if (slot.result < 0) {
    ++op.failed;
    if (slot.result == -ECANCELED) ++stats_.cancelled;
  }
  if (options_.measure_latency) stats_.latency.Add(Now() - slot.submitted_at);
  ProbeComplete(slot);
}

// Reap(), but does not wait if a handler is due.
void QueueImpl::ReapBlockingUnlessDue(Deadline deadline, bool ends_early) {
  Reap(due_.empty() ? deadline : kDontWait, ends_early);
}

// Clears the event fd, then reaps all that it may have announced.  What
// completes meanwhile is announced again.  AnnounceRest() must follow.
void QueueImpl::ReapAnnounced() {
  if (polled_) router_.ClearEventFd();
  Reap(kDontWait);
}

size_t QueueImpl::PopDone(absl::Span<Request*> out) {
  size_t count = 0;
  for (; count < out.size(); ++count) {
    Slot* slot = done_.RemoveHead();
    if (slot == nullptr) break;
    HandOver(slot);
    out[count] = slot;
  }
  return count;
}

// From kDone to the caller or the handler, which now sees its error.
void QueueImpl::HandOver(Slot* slot) {
  if (slot->latch.kept != 0) {
    ledger_.MarkSeen(slot->latch.fd, slot->latch.kept);
  }
  SetState(slot, RequestState::kOwned);
}

// Runs the handlers that are due now.  Those that become due meanwhile stay for
// the next call, so that a waiting caller can check its own condition first.
void QueueImpl::RunDue() {
  SlotList due;
  due.MoveFrom(&due_);
  in_handler_ = true;
  while (Slot* slot = due.RemoveHead()) {
    --handlers_due_;
    if (slot->round < round_) --older_;
    HandOver(slot);
    slot->latch.handler(slot);
  }
  in_handler_ = false;
}

void QueueImpl::AnnounceRest() {
  if (polled_ && (!done_.empty() || !due_.empty())) router_.SignalEventFd();
}

}  // namespace uasio::internal
