// How many jobs are with the pool.
//
// A job that the pool runs goes on with the head's next pending one when it is
// done, in the same thread, as long as max_nr_threads allows as many as there
// are.  So there is one whenever anything is pending, and what is pending is
// begun without the owner; only for more of them at a time, when the limit was
// raised, he has to call.

#include "asio/syslets/head.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace uasio {
namespace {

syslet_uatom* ErrorOf(long error) {
  return reinterpret_cast<syslet_uatom*>(error);
}

size_t SlotsOf(const async_head_user& user) {
  return user.ring_size_bytes / sizeof(user.completion_ring[0]);
}

}  // namespace

long Head::Check(const async_head_user* user) {
  if (user == nullptr || user->completion_ring == nullptr) return -EINVAL;
  const uintptr_t address = reinterpret_cast<uintptr_t>(user->completion_ring);
  if (address % alignof(syslet_uatom*) != 0) return -EINVAL;
  if (user->ring_size_bytes == 0) return -EINVAL;
  if (user->ring_size_bytes % sizeof(syslet_uatom*) != 0) return -EINVAL;
  syslet_uatom** const end = user->completion_ring + SlotsOf(*user);
  const bool clean = std::all_of(user->completion_ring, end,
                                 [](syslet_uatom* a) { return a == nullptr; });
  return clean ? 0 : -EBUSY;
}

Head::Head(async_head_user* user, WorkerPool* pool)
    : user_(user), pool_(pool), ring_(user->completion_ring, SlotsOf(*user)) {}

Head::~Head() {
  MutexLock lock(&mutex_);
  while (running_ > 0) changed_.Wait(&mutex_);
  if (event_fd_ >= 0) close(event_fd_);
}

syslet_uatom* Head::Exec(syslet_uatom* atom) {
  if (atom == nullptr) return ErrorOf(-EFAULT);
  if (!ring_.HasRoom(&mutex_)) return ErrorOf(-EAGAIN);
  if (const long error = Admit(atom)) return ErrorOf(error);
  Run run;
  run.atom = atom;
  run.atoms_left = atoms_max_;
  if (RunInCaller(&run, &experience_)) return run.atom;
  SendOff(run);
  return nullptr;
}

// What could fail later, when some of the syslet has run, is done here.
long Head::Admit(const syslet_uatom* atom) {
  if (const long error = checker_.Check(atom)) return error;
  if (next_ == nullptr) next_ = NewJob();
  return next_ != nullptr ? 0 : -ENOMEM;
}

size_t Head::Wait(size_t min) {
  WorkList batch;
  {
    MutexLock lock(&mutex_);
    TakeStartableLocked(&batch);
  }
  Start(&batch);
  MutexLock lock(&mutex_);
  size_t waiting = ring_.Waiting();
  wake_at_ = ring_.EnteredWhenWaiting(min);
  enough_ = false;
  if (waiting < min && running_ > 0) YieldLocked();
  while ((waiting = ring_.Waiting()) < min && running_ > 0) {
    changed_.Wait(&mutex_);
  }
  wake_at_ = UINT64_MAX;
  return waiting;
}

void Head::YieldLocked() {
  yield_.YieldUnlocked(
      &mutex_, kNoDeadline, [this] { return enough_.load(); },
      [] { return 1; });
}

long Head::EventFd() {
  MutexLock lock(&mutex_);
  if (event_fd_ >= 0) return event_fd_;
  const auto waiting = static_cast<unsigned>(ring_.Waiting());
  event_fd_ = eventfd(waiting, EFD_NONBLOCK | EFD_CLOEXEC);
  return event_fd_ >= 0 ? event_fd_ : -errno;
}

void Head::Go(WorkerThread*, Work* w) {
  Job* job = static_cast<Job*>(w);
  job->head->Serve(job);
}

void Head::Serve(Job* job) {
  while (job != nullptr) {
    RunInWorker(&job->run);
    MutexLock lock(&mutex_);
    job = FinishLocked(job);
  }
}

void Head::SendOff(const Run& run) {
  WorkList batch;
  {
    MutexLock lock(&mutex_);
    ring_.Reserve();
    next_->run = run;
    pending_.AddTail(next_);
    next_ = jobs_.TakeIdle();
    ++running_;
    TakeStartableLocked(&batch);
  }
  Start(&batch);
}

// Moves to `batch` what the pool can be given now.
void Head::TakeStartableLocked(WorkList* batch) {
  const size_t threads_max = ThreadsMax();
  while (serving_ < threads_max) {
    Work* job = pending_.RemoveHead();
    if (job == nullptr) return;
    batch->AddTail(job);
    ++serving_;
  }
}

// Not under the lock: a pool that gets no threads runs it here.
void Head::Start(WorkList* batch) {
  if (!batch->empty()) pool_->Submit(batch);
}

size_t Head::ThreadsMax() const {
  const unsigned long wanted =
      __atomic_load_n(&user_->max_nr_threads, __ATOMIC_RELAXED);
  if (wanted == ~0UL) return SYSLET_THREADS_DEFAULT;
  return std::clamp(wanted, 1UL, SYSLET_THREADS_MAX);
}

// nullptr: there is no memory.
Head::Job* Head::NewJob() {
  MutexLock lock(&mutex_);
  Job* job = jobs_.Take();
  if (job == nullptr) return nullptr;
  job->go = &Head::Go;
  job->head = this;
  return job;
}

// Returns the job that this thread is to run next, or nullptr: then it must not
// touch the head any more, which may be gone as soon as the lock is released.
Head::Job* Head::FinishLocked(Job* job) {
  if (job->run.silent) {
    ring_.Release();
  } else {
    ring_.Enter(job->run.atom);
    if (event_fd_ >= 0) eventfd_write(event_fd_, 1);
  }
  jobs_.GiveBack(job);
  --running_;
  if (running_ == 0 || ring_.entered() >= wake_at_) {
    enough_ = true;
    changed_.NotifyAll();
  }
  Work* next = serving_ <= ThreadsMax() ? pending_.RemoveHead() : nullptr;
  if (next == nullptr) --serving_;
  return static_cast<Job*>(next);
}

}  // namespace uasio
