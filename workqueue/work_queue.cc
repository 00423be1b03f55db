#include "workqueue/work_queue.h"

namespace uasio {

WorkQueue::~WorkQueue() {
  while (Wait() != nullptr) {
  }
}

void WorkQueue::Submit(work* w) {
  w->reply_to = reinterpret_cast<work_queue*>(&finished_);
  ++running_;
  pool_->Submit(w);
}

void WorkQueue::Submit(WorkList* batch) {
  for (work& w : *batch) {
    w.reply_to = reinterpret_cast<work_queue*>(&finished_);
    ++running_;
  }
  pool_->Submit(batch);
}

work* WorkQueue::WaitUntil(Deadline deadline) {
  if (running_ == 0) return nullptr;
  if (fetched_.empty()) finished_.GetAll(&fetched_, deadline);
  work* w = fetched_.RemoveHead();
  if (w != nullptr) --running_;
  return w;
}

bool WorkQueue::Cancel(const work* w) {
  if (!pool_->Cancel(w)) return false;
  --running_;
  return true;
}

}  // namespace uasio
