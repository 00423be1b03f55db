// Why no work is ever left without a thread.
//
// Submit() finds an idle thread, or starts one, or there are threads_max
// already.  In the last case each thread that stays asks for work again.  A
// thread that ends first takes itself off the count; then it looks for waiting
// work, and starts the threads that replace it.
//
// If the system refuses to start a thread, thread_missing_ is set before
// Submit() returns.  So whoever waits for that work afterwards sees the flag,
// and tries again by RetryStart().  A thread that ends runs the work itself,
// since those who wait may not see the flag any more.

#include "workqueue/worker_pool.h"

#include <limits.h>

#include <algorithm>
#include <new>
#include <utility>

#include "workqueue/check.h"
#include "workqueue/signals_blocked.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio {
namespace {

// How long the pool waits before it asks again for a thread that the system
// refused.
constexpr std::chrono::milliseconds kRetryInterval(100);

WorkerPoolOptions Checked(WorkerPoolOptions options) {
  UASIO_CHECK(options.threads_max > 0, "WorkerPool: threads_max must not be 0");
  UASIO_CHECK(options.threads_min <= options.threads_max,
              "WorkerPool: threads_min must not exceed threads_max");
  options.idle_timeout = std::min<std::chrono::nanoseconds>(
      options.idle_timeout, std::chrono::hours(24 * 365));
  options.stack_bytes =
      std::max<size_t>(options.stack_bytes, PTHREAD_STACK_MIN);
  options.thread_name.resize(std::min<size_t>(options.thread_name.size(), 15));
  return options;
}

}  // namespace

WorkerPool::WorkerPool(WorkerPoolOptions options)
    : options_(Checked(std::move(options))) {}

WorkerPool::~WorkerPool() {
  // The fork may have caught the lock locked.
  if (!IsThisProcess()) return;
  ThreadList threads;
  do {  // The last work may submit more work, and so start threads.
    Join(&threads);
    MutexLock lock(&mutex_);
    stopping_ = true;
    requests_.Close();
    threads.InsertListTail(&threads_);
    threads.InsertListTail(&ended_);
  } while (!threads.empty());
}

void WorkerPool::Submit(Work* w) {
  CheckProcess();
  UASIO_CHECK(w->go != nullptr, "Submit: the work has no go()");
  if (size_t surplus = requests_.Put(w)) Grow(surplus);
}

void WorkerPool::Submit(WorkList* batch) {
  CheckProcess();
  for (Work& w : *batch) {
    UASIO_CHECK(w.go != nullptr, "Submit: the work has no go()");
  }
  if (size_t surplus = requests_.Put(batch)) Grow(surplus);
}

// Remove() takes the work only if it still waits, so it runs once.
void WorkerPool::SubmitOrRun(Work* w) {
  Submit(w);
  if (RetryStart() == kNoDeadline || !requests_.Remove(w)) return;
  const WriteSignalsBlocked signals_blocked;
  Run(nullptr, w);
}

Deadline WorkerPool::RetryStart() {
  if (!thread_missing_.load(std::memory_order_relaxed)) return kNoDeadline;
  MutexLock lock(&mutex_);
  if (thread_missing_ && HasPassed(retry_at_)) {
    thread_missing_ = !StartThreadsLocked(requests_.surplus());
  }
  return thread_missing_ ? retry_at_ : kNoDeadline;
}

bool WorkerPool::Cancel(const Work* w) {
  CheckProcess();
  return requests_.Remove(w);
}

void WorkerPool::CheckProcess() const {
  UASIO_CHECK(IsThisProcess(),
              "WorkerPool: a forked child must not use its parent's pool");
}

void* WorkerPool::Main(void* thread) {
  Thread* self = static_cast<Thread*>(thread);
  pthread_setname_np(pthread_self(), self->pool->options_.thread_name.c_str());
  self->pool->Serve(self);
  return nullptr;
}

void WorkerPool::Serve(Thread* self) {
  WorkerThread* context = BeginThread();
  while (Work* w = NextWork()) Run(context, w);
  if (options_.stop_hook) options_.stop_hook(context);
  EndThread(self);
}

WorkerThread* WorkerPool::BeginThread() {
  WorkerThread* context = options_.start_hook ? options_.start_hook() : nullptr;
  MutexLock lock(&mutex_);
  --starting_;
  return context;
}

// nullptr: the thread must end.  The clock is read only before a wait.
Work* WorkerPool::NextWork() {
  if (Work* w = requests_.TryGet()) return w;
  for (;;) {
    const bool kept = threads() <= options_.threads_min;
    const Deadline deadline =
        kept ? kNoDeadline
             : std::chrono::steady_clock::now() + options_.idle_timeout;
    if (Work* w = requests_.Get(deadline)) return w;
    if (TryLeave()) return nullptr;
  }
}

bool WorkerPool::TryLeave() {
  MutexLock lock(&mutex_);
  if (!stopping_ && threads() - leaving_ <= options_.threads_min) return false;
  ++leaving_;
  return true;
}

// Joins the threads that ended before this one, so that ended threads do not
// pile up and no other thread has to wait for them.
void WorkerPool::EndThread(Thread* self) {
  ThreadList ended;
  {
    MutexLock lock(&mutex_);
    --leaving_;
    --thread_count_;
    if (!stopping_) {  // Else the destructor joins.
      ended.MoveFrom(&ended_);
      ThreadList::Remove(self);
      ended_.AddTail(self);
    }
  }
  if (size_t surplus = requests_.surplus()) Grow(surplus);
  if (RetryStart() != kNoDeadline) RunHere();
  Join(&ended);
}

void WorkerPool::Grow(size_t surplus) {
  if (threads() == options_.threads_max) return;
  {
    MutexLock lock(&mutex_);
    const bool refused_lately =
        thread_missing_ && threads() > 0 && !HasPassed(retry_at_);
    if (!refused_lately && !StartThreadsLocked(surplus)) thread_missing_ = true;
  }
  if (threads() == 0) RunHere();
}

// False: the system has refused a thread.  Only RetryStart() may take true for
// an answer: the `surplus` of others may be older than a refusal.
bool WorkerPool::StartThreadsLocked(size_t surplus) {
  while (starting_ < surplus && threads() < options_.threads_max) {
    if (!StartThreadLocked()) {
      retry_at_ = std::chrono::steady_clock::now() + kRetryInterval;
      return false;
    }
  }
  return true;
}

void WorkerPool::RunHere() {
  const WriteSignalsBlocked signals_blocked;
  while (Work* w = requests_.TryGet()) Run(nullptr, w);
}

bool WorkerPool::StartThreadLocked() {
  const SignalsBlocked signals_blocked;
  Thread* thread = new (std::nothrow) Thread{this, {}, {}};
  if (thread == nullptr) return false;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, options_.stack_bytes);
  const int error = pthread_create(&thread->id, &attributes, &Main, thread);
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    delete thread;
    return false;
  }
  threads_.AddTail(thread);
  ++thread_count_;
  ++starting_;
  return true;
}

void WorkerPool::Run(WorkerThread* context, Work* w) {
  const bool reply = w->reply_to != nullptr;
  options_.run(context, w);
  if (reply) options_.reply(w);
}

void WorkerPool::Join(ThreadList* threads) {
  while (Thread* thread = threads->RemoveHead()) {
    pthread_join(thread->id, nullptr);
    delete thread;
  }
}

}  // namespace uasio
