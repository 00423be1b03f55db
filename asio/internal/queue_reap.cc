// QueueImpl's second half: from the backlog to the caller or the handler.

#include <errno.h>

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
bool QueueImpl::StartBacklog() {
  batch_.clear();
  while (depth_ < options_.depth_max) {
    Slot* slot = backlog_.RemoveHead();
    if (slot == nullptr) break;
    if (slot->latch.traits.sized) ++depth_;
    RestoreAsSubmitted(slot);
    SetState(slot, RequestState::kRunning);
    batch_.push_back(slot);
  }
  return !batch_.empty() && router_.Start(batch_) > 0;
}

// Reaps, releases held requests, starts the backlog, and resubmits after short
// transfers.  Does nothing if none of that can be due.
void QueueImpl::MakeProgress() {
  if (in_flight_ > router_.running() || router_.MayResubmit()) {
    Reap(kDontWait);
  }
}

// Waits for at least one completion, until `deadline`.  Finishes all completed
// requests and starts those that may start then.  Runs no handler.  False if
// nothing completed.
bool QueueImpl::Reap(Deadline deadline) {
  bool any = false;
  bool more;
  do {
    const size_t count = router_.Reap(absl::MakeSpan(completions_), deadline);
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
  --in_flight_;
  if (slot->round < round_ && slot->latch.handler == nullptr) --older_;
  if (slot->latch.IsReturnable()) --returnable_;
  if (slot->descriptor != nullptr) {
    FileOrder* order = slot->descriptor->OrderOf(slot->latch.op);
    order->Remove(slot, [this](OrderNode* released) {
      SetState(static_cast<Slot*>(released), RequestState::kBacklog);
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

// Reap(), but does not wait if a handler is due.
void QueueImpl::ReapBlockingUnlessDue(Deadline deadline) {
  Reap(due_.empty() ? deadline : kDontWait);
}

// Clears the event fd, then reaps all that it may have announced.  What
// completes meanwhile is announced again.  AnnounceRest() must follow.
void QueueImpl::ReapAnnounced() {
  if (polled_) router_.ClearEventFd();
  Reap(kDontWait);
}

size_t QueueImpl::WaitMany(absl::Span<Request*> out, Deadline deadline) {
  CheckMayWait();
  slots_.ReleaseAged();
  if (!done_.empty()) MakeProgress();
  size_t count = 0;
  for (bool looked = false; count == 0;) {
    RunDue();
    count = PopDone(out);
    if (count > 0) break;
    const bool cannot_return = returnable_ == 0 || HasPassed(deadline);
    if (!cannot_return) {
      ReapBlockingUnlessDue(deadline);
    } else if (!looked) {
      looked = true;
      ReapAnnounced();
    } else {
      break;
    }
  }
  AnnounceRest();
  return count;
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

bool QueueImpl::RunHandlers(Deadline deadline) {
  CheckMayWait();
  MakeProgress();
  while (due_.empty()) {
    const bool none_runs = in_flight_ == returnable_ + writebacks_;
    if (none_runs || HasPassed(deadline)) break;
    Reap(deadline);
  }
  if (due_.empty() || HasPassed(deadline)) ReapAnnounced();
  const bool any = !due_.empty();
  RunDue();
  AnnounceRest();
  return any;
}

void QueueImpl::AnnounceRest() {
  if (polled_ && (!done_.empty() || !due_.empty())) router_.SignalEventFd();
}

}  // namespace uasio::internal
