// How pending jobs get to the pool.
//
// When a job ends, its worker runs the head's next pending job, unless
// max_nr_threads has been lowered below the number of jobs in the pool.  So a
// job is in the pool whenever one is pending, and pending jobs start without a
// call of the owner.  After the limit was raised, more of them start at a time
// when the owner calls Wait(), or an Exec() that leaves the caller.

#include "asio/syslets/internal/head.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace uasio {
namespace syslets {
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
  while (running_ > 0) WaitForChangeLocked();
  if (event_fd_ >= 0) close(event_fd_);
}

syslet_uatom* Head::Exec(syslet_uatom* atom) {
  if (atom == nullptr) return ErrorOf(-EFAULT);
  if (!ring_.HasRoom(&mutex_)) return ErrorOf(-EAGAIN);
  if (const long error = Admit(atom)) return ErrorOf(error);
  Run run;
  run.atom = atom;
  run.atoms_left = atoms_max_;
  if (RunInCaller(&run, &heuristics_)) return run.atom;
  GiveToWorker(run);
  return nullptr;
}

// Does everything that can fail, before any of the syslet has run.
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
  pool_->RetryStart();
  MutexLock lock(&mutex_);
  size_t untaken = ring_.Untaken();
  wake_at_ = ring_.EnteredWhenUntaken(min);
  enough_ = false;
  if (untaken < min && running_ > 0) YieldLocked();
  while ((untaken = ring_.Untaken()) < min && running_ > 0) {
    WaitForChangeLocked();
  }
  wake_at_ = UINT64_MAX;
  return untaken;
}

// Meanwhile asks again for a thread that the system refused.
void Head::WaitForChangeLocked() {
  changed_.WaitUntil(&mutex_, pool_->RetryStart());
}

void Head::YieldLocked() {
  yield_.YieldUnlocked(
      &mutex_, kNoDeadline, [this] { return enough_.load(); },
      [] { return 1; });
}

long Head::EventFd() {
  MutexLock lock(&mutex_);
  if (event_fd_ >= 0) return event_fd_;
  const auto untaken = static_cast<unsigned>(ring_.Untaken());
  event_fd_ = eventfd(untaken, EFD_NONBLOCK | EFD_CLOEXEC);
  return event_fd_ >= 0 ? event_fd_ : -errno;
}

void Head::Go(WorkerThread*, Work* w) {
  Job* job = static_cast<Job*>(w);
  job->head->RunJobs(job);
}

void Head::RunJobs(Job* job) {
  while (job != nullptr) {
    RunInWorker(&job->run);
    MutexLock lock(&mutex_);
    job = FinishLocked(job);
  }
}

void Head::GiveToWorker(const Run& run) {
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

// Moves to `batch` the pending jobs that the pool may run now.
void Head::TakeStartableLocked(WorkList* batch) {
  const size_t threads_max = ThreadsMax();
  while (in_pool_ < threads_max) {
    Work* job = pending_.RemoveHead();
    if (job == nullptr) return;
    batch->AddTail(job);
    ++in_pool_;
  }
}

// Not under the lock: if the pool gets no thread, this thread runs the jobs.
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

// Returns the job that this thread must run next, or nullptr: then this thread
// must not use the head after it releases the lock, as the head may be deleted.
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
  Work* next = in_pool_ <= ThreadsMax() ? pending_.RemoveHead() : nullptr;
  if (next == nullptr) --in_pool_;
  return static_cast<Job*>(next);
}

}  // namespace syslets
}  // namespace uasio
