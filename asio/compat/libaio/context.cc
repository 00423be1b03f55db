// Who owns a job, and who finishes it:
//
// - A transfer to or from a file: a thread of the pool.
// - A transfer to or from a stream (a pipe, a socket, a terminal), or a read of
//   a file that tells no size: a thread of the pool attempts it without
//   waiting.  If the fd is not ready the job goes to the epoll thread, and from
//   there to the pool again.
// - A poll: the epoll thread alone.
//
// A job that has been watched can be cancelled.  Cancelling sets a flag and
// tries to take the job back from the epoll thread.  If that succeeds it
// finishes the job, else the job's next owner does.  Cancelling, finishing and
// recycling a job all need the context's lock.

#include "asio/compat/libaio/context.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "asio/syscalls/perform.h"
#include "workqueue/check.h"

namespace uasio {
namespace libaio {
namespace {

// As in the kernel, an error is reported only if nothing was transferred.
int64_t ResultOf(const Transfer& t, int64_t result) {
  return result < 0 && t.done > 0 ? static_cast<int64_t>(t.done) : result;
}

int64_t CancelledResult(const Job& job) {
  return job.kind == Job::Kind::kPoll ? 0 : -ECANCELED;
}

// The events that are ready, 0 for none, or -EBADF.
int64_t PollNow(const Readiness::Watch& watch) {
  pollfd fd = {watch.fd, static_cast<short>(watch.events), 0};
  if (poll(&fd, 1, 0) <= 0) return 0;
  return (fd.revents & POLLNVAL) != 0 ? -EBADF : fd.revents;
}

}  // namespace

Context::Context(Engine* engine, uint32_t capacity)
    : engine_(engine), ring_(capacity) {}

Context::~Context() {
  MutexLock lock(&mutex_);
  UASIO_CHECK(in_flight_.empty(), "~Context: requests are in flight");
}

int64_t Context::GetEvents(const GetEventsArguments& arguments) {
  using Outcome = Waiters::Outcome;
  int64_t got = 0;
  Outcome outcome = Outcome::kWoken;
  MutexLock lock(&mutex_);
  while (true) {
    const int64_t taken =
        ring_.Take(arguments.events + got, arguments.max - got);
    got += std::max<int64_t>(taken, 0);
    if (taken < 0 || dead_) return got > 0 ? got : dead_ ? -EINVAL : taken;
    const bool waits = got < arguments.min && outcome == Outcome::kWoken &&
                       arguments.deadline != kDontWait;
    // A mask is applied even if there is nothing to wait for, so that pending
    // signals that it unblocks are delivered.
    const bool applies_mask =
        arguments.mask != nullptr && outcome == Outcome::kWoken;
    if (!waits && !applies_mask) break;
    const int64_t need = std::min<int64_t>(arguments.min - got, capacity());
    outcome = WaitLocked(need, waits ? arguments.deadline : kDontWait,
                         arguments.mask);
  }
  if (got > 0 || outcome == Outcome::kWoken) return got;
  if (outcome == Outcome::kNoDescriptor) return -EMFILE;
  return outcome == Outcome::kInterrupted ? -EINTR : 0;
}

// Meanwhile asks again for threads that the system refused.
Waiters::Outcome Context::WaitLocked(int64_t need, Deadline deadline,
                                     const sigset_t* mask) {
  for (;;) {
    const Deadline until = std::min(deadline, engine_->pool.RetryStart());
    const Waiters::Outcome outcome = waiters_.Wait(&mutex_, need, until, mask);
    if (outcome != Waiters::Outcome::kTimedOut || until == deadline) {
      return outcome;
    }
  }
}

int64_t Context::Cancel(const iocb* user_block) {
  const void* wake = nullptr;
  int64_t result = -EINVAL;
  {
    MutexLock lock(&mutex_);
    for (Job& job : in_flight_) {
      const bool cancellable =
          job.watched && job.kind == Job::Kind::kPoll && !job.cancelled.load();
      if (!cancellable ||
          job.event.obj != reinterpret_cast<uint64_t>(user_block))
        continue;
      if (CancelLocked(&job)) wake = waiters_.Announce(ring_.size());
      result = -EINPROGRESS;
      break;
    }
  }
  Waiters::Wake(wake);
  return result;
}

int64_t Context::Destroy() {
  const void* wake;
  {
    MutexLock lock(&mutex_);
    if (dead_) return -EINVAL;
    dead_ = true;
    for (Job& job : in_flight_.removable()) {
      if (job.watched) CancelLocked(&job);
    }
    wake = waiters_.AnnounceEnd();
  }
  Waiters::Wake(wake);
  MutexLock lock(&mutex_);
  ++draining_;
  while (!in_flight_.empty()) finished_.Wait(&mutex_);
  --draining_;
  return 0;
}

void Context::Drain() {
  MutexLock lock(&mutex_);
  const uint64_t last = ticket_;
  ++draining_;
  while (FilesInFlightLocked(last)) finished_.Wait(&mutex_);
  --draining_;
}

bool Context::FilesInFlightLocked(uint64_t last_ticket) const {
  for (const Job& job : in_flight_) {
    if (job.ticket > last_ticket) return false;
    if (job.kind == Job::Kind::kFile) return true;
  }
  return false;
}

int Context::NewJob(Job** job) {
  MutexLock lock(&mutex_);
  if (dead_) return EINVAL;
  if (jobs_.out() + ring_.size() >= capacity()) return EAGAIN;
  Job* fresh = jobs_.Take();
  if (fresh == nullptr) return EAGAIN;
  fresh->context = this;
  fresh->kind = Job::Kind::kPoll;  // Drain() skips it until Admit() says kFile.
  fresh->go = &RunInPool;
  fresh->ready = &OnReady;
  fresh->cancelled.store(false, std::memory_order_relaxed);
  fresh->watched = false;
  fresh->bell = nullptr;
  fresh->ticket = ++ticket_;
  in_flight_.AddTail(fresh);
  *job = fresh;
  return 0;
}

int Context::AddDoorbell(Job* job, int event_fd) {
  MutexLock lock(&mutex_);
  return bells_.Acquire(event_fd, &job->bell);
}

void Context::Drop(Job* job) {
  MutexLock lock(&mutex_);
  RecycleLocked(job);
}

void Context::Finish(Job* job, int64_t result) {
  const void* wake;
  {
    MutexLock lock(&mutex_);
    FinishLocked(job, result);
    wake = waiters_.Announce(ring_.size());
  }
  Waiters::Wake(wake);
}

void Context::RunInPool(WorkerThread*, Work* w) {
  Job* job = static_cast<Job*>(w);
  job->context->Run(job);
}

void Context::OnReady(Readiness::Watch* watch) {
  Job* job = static_cast<Job*>(watch);
  if (job->kind == Job::Kind::kPoll) {
    const int error = job->context->StartPoll(job);
    if (error != 0) job->context->Finish(job, -error);
  } else {
    job->context->engine_->pool.SubmitOrRun(job);
  }
}

void Context::Run(Job* job) {
  Transfer* const t = &job->transfer;
  if (job->kind == Job::Kind::kFile) {
    return Finish(job, ResultOf(*t, Perform(t)));
  }
  if (job->cancelled) return Finish(job, CancelledResult(*job));
  const int64_t result = PerformNonBlocking(t);
  if (result != -EAGAIN) return Finish(job, ResultOf(*t, result));
  job->Watch::fd = t->fd;
  job->events = IsRead(t->op) ? EPOLLIN : EPOLLOUT;
  const int error = Watch(job);
  if (error == 0) return;
  // EPERM: such an fd is always ready.  Any other error is the result, because
  // Destroy() could not cancel a job that blocks a thread.
  Finish(job, ResultOf(*t, error == EPERM ? Perform(t) : -error));
}

int Context::StartPoll(Job* job) {
  if (job->cancelled) return Finish(job, CancelledResult(*job)), 0;
  const int64_t ready = PollNow(*job);
  if (ready != 0) return Finish(job, ready), 0;
  return Watch(job);
}

// Returns 0 if the job is watched or was cancelled, and is no longer the
// caller's; or an errno if the fd cannot be watched.
int Context::Watch(Job* job) {
  {
    MutexLock lock(&mutex_);
    job->watched = true;
    if (dead_) job->cancelled = true;
  }
  const int error = engine_->readiness.Add(job, /*unless=*/&job->cancelled);
  if (error == ECANCELED) return Finish(job, CancelledResult(*job)), 0;
  return error;
}

// True: the job is finished.  False: its next owner will finish it.
bool Context::CancelLocked(Job* job) {
  job->cancelled = true;
  if (!engine_->readiness.Cancel(job)) return false;
  FinishLocked(job, CancelledResult(*job));
  return true;
}

// Signals the eventfd after the event is in the ring, as the kernel does; the
// caller then wakes the waiting threads.
void Context::FinishLocked(Job* job, int64_t result) {
  job->event.res = result;
  job->event.res2 = 0;
  ring_.Put(job->event);
  if (job->bell != nullptr) bells_.Ring(*job->bell);
  if (result < 0) Engine::Count(&engine_->failed);
  RecycleLocked(job);
}

void Context::RecycleLocked(Job* job) {
  if (job->bell != nullptr) bells_.Release(job->bell);
  in_flight_.Remove(job);
  job->iovecs.reset();
  jobs_.GiveBack(job);
  if (draining_ > 0) finished_.NotifyAll();
}

}  // namespace libaio
}  // namespace uasio
