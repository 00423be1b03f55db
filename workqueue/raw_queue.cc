// How threads wait and are woken.
//
// Each waiting thread has a semaphore of its own.  Put() takes a waiter off the
// list under the lock, and posts its semaphore after the unlock, so that the
// woken thread finds the lock free.  After the unlock Put() touches only the
// waiter, which lives until it is posted.
//
// Only one woken thread at a time is on its way to its work.  When it has taken
// its work and more is left, it wakes the next.  So while work waits, a thread
// is on its way, or one yields, or none is left to wake.  Waking more at once
// would only crowd the processors: threads that do not block in their work are
// back before the woken ones arrive.  If the one thread gets no processor,
// beside threads that compute, the next call that finds it late wakes another.
//
// The latest waiter is woken first: its cache is warm, and the others can be
// idle for long enough to end.

#include "workqueue/raw_queue.h"

#include <sys/eventfd.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>
#include <vector>

namespace uasio {
namespace {

using Clock = std::chrono::steady_clock;

// An idle processor lets a woken thread run within this time.
constexpr auto kLate = std::chrono::microseconds(50);

// False: it was not posted by `deadline`.
bool SemWaitUntil(sem_t* semaphore, Deadline deadline) {
  if (deadline == kNoDeadline) {
    while (sem_wait(semaphore) != 0) {  // EINTR.
    }
    return true;
  }
  const timespec until = ToTimespec(deadline);
  int error;
  do {
    error = sem_clockwait(semaphore, CLOCK_MONOTONIC, &until) == 0 ? 0 : errno;
  } while (error == EINTR);
  return error == 0;
}

}  // namespace

// Outside of a forked child nobody holds the lock any more.
RawQueue::~RawQueue() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (mutex_.TryLock()) {
    mutex_.Unlock();
  } else {
    static_cast<void>(new std::vector<HeapEntry>(std::move(heap_)));
  }
}

size_t RawQueue::Put(Work* w) {
  size_t surplus;
  Waiter* next;
  {
    MutexLock lock(&mutex_);
    PutLocked(w);
    surplus = AnnounceLocked(1, &next);
  }
  Wake(next);
  return surplus;
}

size_t RawQueue::Put(WorkList* batch) {
  size_t surplus;
  Waiter* next;
  {
    MutexLock lock(&mutex_);
    size_t added = 0;
    for (; Work* w = batch->RemoveHead(); ++added) PutLocked(w);
    surplus = AnnounceLocked(added, &next);
  }
  Wake(next);
  return surplus;
}

Work* RawQueue::Get(Deadline deadline) {
  if (FailsAtOnce(deadline)) return nullptr;
  Work* w;
  Waiter* next;
  {
    MutexLock lock(&mutex_);
    if (!WaitLocked(deadline)) return nullptr;
    w = PopLocked();
    next = NextWaiterLocked();
  }
  Wake(next);
  return w;
}

bool RawQueue::GetAll(WorkList* out, Deadline deadline) {
  if (FailsAtOnce(deadline)) return false;
  MutexLock lock(&mutex_);
  if (!WaitLocked(deadline)) return false;
  while (!heap_.empty()) out->AddTail(PopLocked());
  out->InsertListTail(&fifo_);
  SetCountLocked(0);
  return true;
}

bool RawQueue::Remove(const Work* w) {
  MutexLock lock(&mutex_);
  for (Work& waiting : fifo_) {
    if (&waiting != w) continue;
    WorkList::Remove(&waiting);
    SetCountLocked(count_ - 1);
    return true;
  }
  const auto found =
      std::find_if(heap_.begin(), heap_.end(),
                   [w](const HeapEntry& entry) { return entry.w == w; });
  if (found == heap_.end()) return false;
  heap_.erase(found);
  std::make_heap(heap_.begin(), heap_.end(), IsServedLater);
  SetCountLocked(count_ - 1);
  return true;
}

bool RawQueue::empty() const {
  MutexLock lock(&mutex_);
  return count_ == 0;
}

size_t RawQueue::surplus() const {
  MutexLock lock(&mutex_);
  return SurplusLocked();
}

void RawQueue::Close() {
  MutexLock lock(&mutex_);
  closed_ = true;
  waking_ += waiting_;
  waiting_ = 0;
  while (Waiter* waiter = waiters_.RemoveHead()) Wake(waiter);
}

void RawQueue::SignalOn(int event_fd) {
  MutexLock lock(&mutex_);
  event_fd_ = event_fd;
  if (count_ > 0) SignalLocked();
}

bool RawQueue::IsServedLater(const HeapEntry& a, const HeapEntry& b) {
  if (a.w->priority != b.w->priority) return a.w->priority < b.w->priority;
  return a.sequence > b.sequence;
}

void RawQueue::Wake(Waiter* waiter) {
  if (waiter != nullptr) sem_post(&waiter->woken);
}

// Needs no lock: a Put() that this misses writes to the event fd afterwards.
bool RawQueue::FailsAtOnce(Deadline deadline) const {
  return deadline == kDontWait && count_ == 0;
}

// False: the heap is full, and there is no memory to make it larger.
bool RawQueue::HasHeapRoomLocked() {
  if (heap_.size() < heap_.capacity()) return true;
  try {
    heap_.reserve(2 * heap_.capacity() + 1);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void RawQueue::PutLocked(Work* w) {
  if (w->priority == 0 || !HasHeapRoomLocked()) {
    fifo_.AddTail(w);
  } else {
    heap_.push_back({w, ++sequence_});
    std::push_heap(heap_.begin(), heap_.end(), IsServedLater);
  }
}

// Writes to the event fd under the lock: the thread that gets the work may
// close it.
size_t RawQueue::AnnounceLocked(size_t added, Waiter** next) {
  SetCountLocked(count_ + added);
  if (added > 0 && count_ == added) SignalLocked();
  *next = NextWaiterLocked();
  return SurplusLocked();
}

size_t RawQueue::SurplusLocked() const {
  const size_t served = waiting_ + waking_ + yielding_;
  return count_ > served ? count_ - served : 0;
}

// Takes off the waiter that the caller must wake after the unlock, or nullptr.
RawQueue::Waiter* RawQueue::NextWaiterLocked() {
  if (count_ <= yielding_ || waiting_ == 0) return nullptr;
  const Clock::time_point now = Clock::now();
  if (waking_ > late_ && now < last_wake_ + kLate) return nullptr;
  late_ = waking_;
  last_wake_ = now;
  --waiting_;
  ++waking_;
  return waiters_.RemoveHead();
}

bool RawQueue::WaitLocked(Deadline deadline) {
  if (count_ > 0 || deadline == kDontWait) return count_ > 0;
  if (YieldLocked(deadline)) return true;
  Waiter self = {};
  sem_init(&self.woken, 0, 0);
  while (count_ == 0 && !closed_ && BlockLocked(&self, deadline)) {
  }
  sem_destroy(&self.woken);
  return count_ > 0;
}

// False: no work has come.
bool RawQueue::YieldLocked(Deadline deadline) {
  if (closed_) return false;
  ++yielding_;
  const auto threads = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return waiting_ + waking_ + yielding_;
  };
  const bool found = yield_.YieldUnlocked(
      &mutex_, deadline, [this] { return count_ > 0; }, threads);
  --yielding_;
  return found;
}

// Waits, without the lock, to be woken.  False: `deadline` has passed.
bool RawQueue::BlockLocked(Waiter* self, Deadline deadline) {
  waiters_.AddHead(self);
  ++waiting_;
  mutex_.Unlock();
  const bool woken = SemWaitUntil(&self->woken, deadline);
  mutex_.Lock();
  if (!woken && WaiterList::IsLinked(self)) {
    WaiterList::Remove(self);
    --waiting_;
    return false;
  }
  if (!woken) SemWaitUntil(&self->woken, kNoDeadline);  // It is being posted.
  --waking_;
  late_ = std::min(late_, waking_);
  return woken;
}

Work* RawQueue::PopLocked() {
  SetCountLocked(count_ - 1);
  if (heap_.empty()) return fifo_.RemoveHead();
  std::pop_heap(heap_.begin(), heap_.end(), IsServedLater);
  Work* w = heap_.back().w;
  heap_.pop_back();
  return w;
}

// mutex_ is held, so a plain store suffices.
void RawQueue::SetCountLocked(size_t count) {
  count_.store(count, std::memory_order_relaxed);
}

void RawQueue::SignalLocked() {
  if (event_fd_ >= 0) eventfd_write(event_fd_, 1);
}

}  // namespace uasio
