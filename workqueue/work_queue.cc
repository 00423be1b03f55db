#include "workqueue/work_queue.h"

#include "workqueue/check.h"

namespace uasio {

WorkQueue::~WorkQueue() {
  if (!owner_.IsThisProcess()) return;  // The work will never be done here.
  while (Wait() != nullptr) {
  }
}

void WorkQueue::Submit(Work* w) {
  CheckCaller();
  w->reply_to = &finished_;
  ++running_;
  pool_->Submit(w);
}

void WorkQueue::Submit(WorkList* batch) {
  CheckCaller();
  for (Work& w : *batch) {
    w.reply_to = &finished_;
    ++running_;
  }
  pool_->Submit(batch);
}

Work* WorkQueue::WaitUntil(Deadline deadline) {
  CheckCaller();
  if (running_ == 0) return nullptr;
  if (reaped_.empty()) {
    pool_->Await(deadline, [this](Deadline until) {
      return finished_.GetAll(&reaped_, until);
    });
  }
  Work* w = reaped_.RemoveHead();
  if (w != nullptr) --running_;
  return w;
}

bool WorkQueue::Cancel(const Work* w) {
  CheckCaller();
  UASIO_CHECK(w->reply_to == &finished_,
              "WorkQueue: Cancel() of work that is not this queue's");
  if (!pool_->Cancel(w)) return false;
  --running_;
  return true;
}

void WorkQueue::CheckCaller() const {
  UASIO_CHECK(owner_.IsThisProcess(),
              "WorkQueue: a forked child must not use its parent's queue");
  UASIO_CHECK(owner_.IsThisThread(),
              "WorkQueue: only the thread that created the queue may use it");
}

}  // namespace uasio
