#include "asio/internal/router.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "asio/internal/probes.h"
#include "asio/internal/process_pool.h"
#include "asio/internal/request_transfer.h"
#include "asio/syscalls/perform.h"
#include "workqueue/check.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio::internal {
namespace {

using Clock = std::chrono::steady_clock;

// Spurious wake-ups of the eventfd tolerated before timed waits in the backend,
// and how long each of these is.
constexpr size_t kSpuriousWakeupsMax = 4;
constexpr auto kTimedWait = std::chrono::microseconds(200);

// What the router does with a request that a backend has returned.
enum class Outcome {
  kFinish,    // Returns it: it is done, or has failed.
  kResubmit,  // Starts the rest of it.
  kWorkers,   // Gives the rest of it to the workers.
};

// Whether an undecided read is direct is not asked here, because that may wait:
// the workers ask, and read on.
Outcome ClassifyShortRead(const Request& request, size_t done) {
  Transfer transfer = MakeTransfer(request);
  transfer.done = done;
  transfer.traits.direct &= !transfer.traits.undecided;
  if (EndsRead(transfer, done - request.transferred)) {
    return Outcome::kFinish;
  }
  if (transfer.traits.undecided) return Outcome::kWorkers;
  return EndsInsideSector(transfer) ? Outcome::kWorkers : Outcome::kResubmit;
}

// REQUIRES: request->transferred does not include this completion yet.
Outcome Classify(const Backend& backend, const Completion& completion) {
  const Request& r = *completion.request;
  if (IsForWorkers(backend, completion)) return Outcome::kWorkers;
  if (backend.FinishesTransfers()) return Outcome::kFinish;
  if (completion.result == -EINTR) return Outcome::kResubmit;
  const bool transfers = IsRead(r.op) || IsWrite(r.op);
  if (completion.result < 0 || !transfers) return Outcome::kFinish;
  const size_t done = completion.transferred;
  if (done >= r.length) return Outcome::kFinish;
  return IsRead(r.op) ? ClassifyShortRead(r, done) : Outcome::kResubmit;
}

// What a worker has asked the file system serves the requests that come next.
void KeepDecidedTraits(const Slot& slot) {
  Descriptor* const descriptor = slot.descriptor;
  if (descriptor == nullptr || !descriptor->traits.undecided) return;
  if (!slot.traits.undecided) descriptor->traits = slot.traits;
}

std::shared_ptr<WorkerPool> NewPool(size_t threads_max) {
  WorkerPoolOptions options;
  options.threads_max = threads_max;
  return std::make_shared<WorkerPool>(std::move(options));
}

}  // namespace

Router::Router(std::unique_ptr<Backend> backend, const QueueOptions& options,
               QueueStats* stats)
    : stats_(stats),
      pool_(options.pool),
      threads_max_(options.threads_max),
      cached_reads_(options.cached_reads),
      backend_(std::move(backend)),
      probe_name_(backend_name().data()) {
  if (backend_ != nullptr && !CreateEventFd()) setup_error_ = errno;
}

Router::~Router() {
  workers_ = nullptr;
  backend_ = nullptr;  // Until here, threads may write to the eventfd.
  if (event_fd_ >= 0) close(event_fd_);
}

absl::string_view Router::backend_name() const {
  return backend_ != nullptr ? backend_->name() : WorkerBackend::kName;
}

void Router::Reserve(size_t requests_max) {
  for_backend_.reserve(requests_max);
  for_workers_.reserve(requests_max);
  if (backend_ != nullptr) backend_->Reserve(requests_max);
  MakeWorkers();
  workers_->Reserve(requests_max);
}

size_t Router::Start(absl::Span<Slot* const> batch, bool reaps_next) {
  for (Slot* slot : batch) {
    slot->cancel_asked = false;
    const bool takes = backend_ != nullptr && backend_->Takes(*slot);
    (takes ? for_backend_ : for_workers_).push_back(slot);
  }
  return StartRouted(reaps_next);
}

// As a worker, it does not perform a read that would wait: another handler may
// cancel it.
bool Router::CanPerformInline(const Slot& slot) const {
  if (backend_ != nullptr && backend_->Takes(slot)) return false;
  const FdTraits& traits = slot.traits;
  if (!traits.sized) return false;
  return !traits.may_wait || !IsRead(slot.op) || IsReady(MakeTransfer(slot));
}

Completion Router::PerformInline(Slot* slot) {
  const WriteSignalsBlocked signals_blocked(IsWrite(slot->op) &&
                                            MayReachFileSizeLimit());
  Transfer transfer = MakeTransfer(*slot);
  const int64_t result = Perform(&transfer);
  slot->traits = transfer.traits;
  KeepDecidedTraits(*slot);
  slot->transferred = slot->latch.transferred = transfer.done;
  return {slot, result, transfer.done};
}

// Resubmitted requests leave room in `out`.  Completions behind them may have
// been announced already and will not be again, so the loop reaps once more.
size_t Router::Reap(absl::Span<Completion> out, Deadline deadline,
                    bool ends_early) {
  size_t finished = 0;
  bool more = true;
  while (more && running() > 0 && finished < out.size()) {
    const absl::Span<Completion> rest = out.subspan(finished);
    const size_t count =
        ReapOnce(rest, finished > 0 ? kDontWait : deadline, ends_early);
    size_t completed_inline = 0;
    finished += HandleCompletions(rest.first(count), &completed_inline);
    more = completed_inline > 0 || count == rest.size() ||
           (count > 0 && finished == 0);
  }
  return finished;
}

void Router::Cancel(Slot* slot) {
  slot->cancel_asked = true;
  slot->backend->Cancel(slot);
}

bool Router::EnableEventFd() {
  if (enabled_) return true;
  if (!CreateEventFd()) return false;
  enabled_ = true;
  if (backend_ != nullptr) backend_->Attach(event_fd_);
  if (workers_ != nullptr) workers_->Attach(event_fd_);
  if (running() > 0) SignalEventFd();  // Some may have completed before.
  return true;
}

bool Router::EnableNotify() {
  if (notifies_) return true;  // Other threads may read it.
  notifies_ = EnableEventFd();
  return notifies_;
}

// Writes each time: the owner may have read the eventfd, but not the flag.
void Router::Notify() {
  UASIO_CHECK(notifies_, "Notify: the owner must call EnableNotify() before");
  const int error = errno;
  notified_ = true;
  eventfd_write(event_fd_, 1);
  errno = error;
}

void Router::SignalEventFd() {
  if (!enabled_ || signalled_) return;
  signalled_ = true;
  eventfd_write(event_fd_, 1);
}

void Router::ClearEventFd() {
  if (!enabled_) return;
  signalled_ = false;
  eventfd_t count;
  eventfd_read(event_fd_, &count);  // Fails with EAGAIN if it was clear.
}

bool Router::CreateEventFd() {
  if (event_fd_ < 0) event_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return event_fd_ >= 0;
}

void Router::MakeWorkers() {
  if (workers_ != nullptr) return;
  if (pool_ == nullptr) {
    pool_owner_ = threads_max_ == 0 ? GetProcessPool() : NewPool(threads_max_);
    pool_ = pool_owner_.get();
  }
  workers_ = std::make_unique<WorkerBackend>(pool_, cached_reads_);
  if (enabled_) workers_->Attach(event_fd_);
}

// From here on, both backends may have requests in flight.
WorkerBackend* Router::Workers() {
  if (backend_ != nullptr) EnableEventFd();
  return workers_.get();
}

size_t Router::StartOn(Backend* backend, absl::Span<Request* const> batch,
                       bool reaps_next) {
  if (batch.empty()) return 0;
  const bool by_workers = backend != backend_.get();
  const char* const name = by_workers ? WorkerBackend::kName : probe_name_;
  for (Request* request : batch) {
    static_cast<Slot*>(request)->backend = backend;
    ProbeStart(*request, name);
  }
  *RunningOn(backend) += batch.size();
  (by_workers ? stats_->workers : stats_->backend) += batch.size();
  const size_t completed_inline =
      reaps_next ? backend->StartBeforeReap(batch) : backend->Start(batch);
  if (by_workers) stats_->cached += completed_inline;
  return completed_inline;
}

size_t Router::StartRouted(bool reaps_next) {
  size_t completed_inline = StartOn(backend_.get(), for_backend_, reaps_next);
  if (!for_workers_.empty())
    completed_inline += StartOn(Workers(), for_workers_, reaps_next);
  for_backend_.clear();
  for_workers_.clear();
  return completed_inline;
}

size_t* Router::RunningOn(const Backend* backend) {
  return backend == backend_.get() ? &running_backend_ : &running_workers_;
}

size_t Router::ReapOnce(absl::Span<Completion> out, Deadline deadline,
                        bool ends_early) {
  if (notifies_ || (running_backend_ > 0 && running_workers_ > 0)) {
    return ReapByEventFd(out, deadline, ends_early);
  }
  const size_t min = deadline == kDontWait ? 0 : 1;
  if (running_backend_ > 0) return backend_->Reap(out, min, deadline);
  return workers_->Reap(out, min, deadline);
}

// A backend that had requests in flight at Attach() may not know when these
// complete, and signal at each Reap().  After kSpuriousWakeupsMax such spurious
// wake-ups, each round blocks in that backend for kTimedWait.
size_t Router::ReapByEventFd(absl::Span<Completion> out, Deadline deadline,
                             bool ends_early) {
  const Deadline now = kDontWait;
  for (size_t spurious_wakeups = 0;; ++spurious_wakeups) {
    size_t count = ReapNow(out);
    if (count == 0 && ends_early && notified_) return 0;
    if (count == 0 && spurious_wakeups > kSpuriousWakeupsMax &&
        running_backend_ > 0 && deadline != now) {
      count =
          backend_->Reap(out, 1, std::min(deadline, Clock::now() + kTimedWait));
    }
    if (count > 0 || deadline == now) return count;
    const bool signalled = pool_->Await(
        deadline, [this](Deadline until) { return PollIn(event_fd_, until); });
    if (!signalled || HasPassed(deadline)) deadline = now;  // Reap once more.
    ClearEventFd();
  }
}

size_t Router::ReapNow(absl::Span<Completion> out) {
  size_t count = 0;
  if (running_backend_ > 0) count = backend_->Reap(out, 0, kDontWait);
  if (running_workers_ > 0) {
    count += workers_->Reap(out.subspan(count), 0, kDontWait);
  }
  return count;
}

void Router::CountForWorkers(const Completion& completion) {
  switch (completion.result) {
    case kRefused:
      ++stats_->refused;
      break;
    case -EAGAIN:
      ++stats_->would_block;
      break;
    case -EOPNOTSUPP:
      ++stats_->not_supported;
      break;
    default:
      ++stats_->unfinished;
  }
}

// Resubmits requests that are not finished.  Moves the finished ones to the
// front of `out` and returns how many they are.
size_t Router::HandleCompletions(absl::Span<Completion> out,
                                 size_t* completed_inline) {
  size_t finished = 0;
  for (Completion completion : out) {
    Slot* slot = static_cast<Slot*>(completion.request);
    UASIO_CHECK(slot->backend != nullptr,
                "Backend: Reap() gave a request that is not in flight");
    const Backend& backend = *std::exchange(slot->backend, nullptr);
    --*RunningOn(&backend);
    if (&backend == workers_.get()) KeepDecidedTraits(*slot);
    RestoreAsSubmitted(slot);
    const Outcome outcome = Classify(backend, completion);
    slot->transferred = slot->latch.transferred = completion.transferred;
    if (outcome == Outcome::kFinish) {
      out[finished++] = completion;
    } else if (slot->cancel_asked) {
      completion.result = -ECANCELED;
      out[finished++] = completion;
    } else {
      const bool rest = outcome == Outcome::kResubmit && backend.Takes(*slot);
      if (rest) {
        ++stats_->resubmitted;
      } else {
        CountForWorkers(completion);
      }
      (rest ? for_backend_ : for_workers_).push_back(slot);
    }
  }
  *completed_inline = StartRouted(/*reaps_next=*/false);
  return finished;
}

}  // namespace uasio::internal
