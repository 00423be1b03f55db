#include "asio/internal/worker_backend.h"

#include <errno.h>
#include <sys/epoll.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "asio/internal/request_transfer.h"

namespace uasio::internal {
namespace {

// So many bytes of cached reads are copied in one Start(), or one read more.
// The workers copy the rest meanwhile.
constexpr size_t kBytesPerStartMax = 512 << 10;

// After so many attempts that have succeeded in a row, several are made by one
// system call; each of those that fail costs more than one alone would.
constexpr size_t kSteady = 16;

// False: what would have to wait fails with EAGAIN.
bool MayWait(const Transfer& t) {
  return !t.traits.nonblocking && (t.flags & RWF_NOWAIT) == 0;
}

bool NeedsReadiness(const Transfer& t) {
  return !t.traits.sized && MayWait(t) && (IsRead(t.op) || IsWrite(t.op));
}

// A read of a regular file that has no bytes yet.
bool MustWait(const Transfer& t) {
  return t.traits.may_wait && IsRead(t.op) && MayWait(t) && !IsReady(t);
}

}  // namespace

// What the backend stores for one request.  A job goes through the pool and, if
// its fd is not ready, the epoll thread.  It has one owner at a time; handing
// it over is the owner's last action.
struct WorkerBackend::Job : Work, Readiness::Watch, Recyclable<Job> {
  WorkerBackend* backend;
  Request* request;  // nullptr while the job is idle.
  Transfer transfer;
  int64_t result;
  std::atomic<bool> cancelled;
};

WorkerBackend::WorkerBackend(WorkerPool* pool, bool cached_reads)
    : pool_(pool), cached_reads_(cached_reads) {}

WorkerBackend::~WorkerBackend() = default;

void WorkerBackend::Reserve(size_t requests_max) {
  jobs_.Reserve(requests_max);
}

size_t WorkerBackend::Start(absl::Span<Request* const> batch) {
  WorkList jobs;
  WorkList reads;
  for (Request* request : batch) {
    Job* job = NewJob(request);
    const bool may_be_cached =
        cached_reads_ && SuitsReadIfCached(job->transfer);
    (may_be_cached ? reads : jobs).AddTail(job);
  }
  if (!jobs.empty()) pool_->Submit(&jobs);
  return ReadCached(&reads);
}

size_t WorkerBackend::Reap(absl::Span<Completion> out, size_t min,
                           Deadline deadline) {
  size_t count = ReapReplies(out);
  while (count < out.size()) {
    const bool enough = count >= min;
    const bool any = pool_->Await(
        enough ? kDontWait : deadline,
        [this](Deadline until) { return finished_.GetAll(&replies_, until); });
    if (!any) break;
    count += ReapReplies(out.subspan(count));
  }
  return count;
}

// The job may be with the pool, with the epoll thread, with a thread that works
// on it, or on its way between them.  Where it cannot be taken back, its next
// owner sees the flag.
void WorkerBackend::Cancel(Request* request) {
  Job* job = jobs_.Find(request);
  if (job == nullptr) return;
  job->cancelled = true;
  if (pool_->Cancel(job) || readiness_.Cancel(job)) Finish(job, -ECANCELED);
}

void WorkerBackend::Go(WorkerThread*, Work* w) {
  Job* job = static_cast<Job*>(w);
  job->backend->Run(job);
}

void WorkerBackend::GoOn(Readiness::Watch* watch) {
  Job* job = static_cast<Job*>(watch);
  WorkerPool* const pool = job->backend->pool_;
  if (job->transfer.traits.sized) return pool->Submit(job);  // May block.
  pool->SubmitOrRun(job);  // The owner may be waiting already.
}

WorkerBackend::Job* WorkerBackend::NewJob(Request* request) {
  Job* job = jobs_.New(request);
  job->n = {nullptr, nullptr};
  job->Work::priority = request->priority;
  job->reply_to = nullptr;  // Run() replies by Finish(), or starts a watch.
  job->go = &Go;
  job->backend = this;
  job->transfer = MakeTransfer(*request);
  job->cancelled.store(false, std::memory_order_relaxed);
  return job;
}

// Performs the reads that the page cache has, and gives the pool the others.
// Returns how many it has performed.
size_t WorkerBackend::ReadCached(WorkList* reads) {
  WorkList jobs;
  Job* part[CachedBatch::kReadsMax];
  size_t completed = 0;
  size_t bytes = 0;
  while (bytes < kBytesPerStartMax && !reads->empty()) {
    const size_t count = TakePart(reads, kBytesPerStartMax - bytes, part);
    ReadNow(part, count);
    for (size_t i = 0; i < count; ++i) {
      const bool is_read = part[i]->result != -EAGAIN;
      (is_read ? replies_ : jobs).AddTail(part[i]);
      if (is_read) {
        ++completed;
        bytes += part[i]->transfer.done;
      }
    }
  }
  jobs.InsertListTail(reads);
  if (!jobs.empty()) pool_->Submit(&jobs);
  return completed;
}

// Takes the reads to attempt together, of `bytes_max` or one read more: one, or
// several if the last kSteady attempts have succeeded.
size_t WorkerBackend::TakePart(WorkList* reads, size_t bytes_max, Job** part) {
  size_t count = 0;
  size_t bytes = 0;
  const auto suits = [](const Work* w) {
    return CachedBatch::Suits(static_cast<const Job*>(w)->transfer);
  };
  do {
    part[count] = static_cast<Job*>(reads->RemoveHead());
    bytes += part[count++]->transfer.length;
  } while (cached_in_row_ >= kSteady && bytes < bytes_max && suits(part[0]) &&
           count < CachedBatch::kReadsMax && !reads->empty() &&
           suits(reads->head()));
  return count;
}

// Sets the results; -EAGAIN: a worker is to perform it, or the rest of it.
void WorkerBackend::ReadNow(Job* const* part, size_t count) {
  if (cached_batch_.IsWorth(count)) return ReadBatch(part, count);
  for (size_t i = 0; i < count; ++i) {
    const bool tries = attempts_.IsWorthTrying();
    part[i]->result = tries ? ReadIfCached(&part[i]->transfer) : -EAGAIN;
    if (tries) Learn(part[i]->result != -EAGAIN);
  }
}

void WorkerBackend::ReadBatch(Job* const* part, size_t count) {
  Transfer* transfers[CachedBatch::kReadsMax] = {};
  int64_t results[CachedBatch::kReadsMax];
  for (size_t i = 0; i < count; ++i) transfers[i] = &part[i]->transfer;
  cached_batch_.Read(transfers, count, results);
  for (size_t i = 0; i < count; ++i) {
    part[i]->result = results[i];
    Learn(results[i] != -EAGAIN);
  }
}

void WorkerBackend::Learn(bool was_cached) {
  attempts_.Learn(was_cached);
  cached_in_row_ = was_cached ? cached_in_row_ + 1 : 0;
}

void WorkerBackend::Run(Job* job) {
  if (job->cancelled) return Finish(job, -ECANCELED);
  DecideTraits(&job->transfer);
  if (MustWait(job->transfer)) return WaitUntilReady(job);
  if (!NeedsReadiness(job->transfer)) {
    return Finish(job, Perform(&job->transfer));
  }
  const int64_t result = PerformNonBlocking(&job->transfer);
  if (result != -EAGAIN) return Finish(job, result);
  WaitUntilReady(job);
}

void WorkerBackend::WaitUntilReady(Job* job) {
  job->Watch::fd = job->transfer.fd;
  job->events = IsRead(job->transfer.op) ? EPOLLIN : EPOLLOUT;
  job->ready = &GoOn;
  const int error = readiness_.Add(job, /*unless=*/&job->cancelled);
  if (error == 0) return;
  if (error == ECANCELED) return Finish(job, -ECANCELED);
  // EPERM: such an fd is always ready.  Any other error is the result, because
  // a thread that waited for the fd could be neither cancelled nor used.
  Finish(job, error == EPERM ? Perform(&job->transfer) : -error);
}

void WorkerBackend::Finish(Job* job, int64_t result) {
  job->result = result;
  job->Work::priority = 0;  // So that finished_ allocates nothing.
  finished_.Put(job);
}

size_t WorkerBackend::ReapReplies(absl::Span<Completion> out) {
  size_t count = 0;
  while (count < out.size()) {
    Job* job = static_cast<Job*>(replies_.RemoveHead());
    if (job == nullptr) break;
    job->request->traits = job->transfer.traits;  // Decided by now.
    out[count++] = {job->request, job->result, job->transfer.done};
    jobs_.Recycle(job);
  }
  return count;
}

}  // namespace uasio::internal
