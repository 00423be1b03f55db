#include "asio/backends/fault.h"

#include <errno.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/backends/crash_log.h"
#include "asio/buffer.h"
#include "asio/internal/job_pool.h"
#include "asio/internal/request_transfer.h"
#include "asio/syscalls/direct_io.h"
#include "asio/syscalls/perform.h"
#include "workqueue/check.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio {
namespace {

using Kind = FaultOptions::Kind;

constexpr size_t kReapBatchMax = 64;

Kind KindOf(Op op) {
  if (IsRead(op)) return Kind::kRead;
  if (IsWrite(op)) return Kind::kWrite;
  return IsSync(op) ? Kind::kSync : Kind::kAny;
}

std::unique_ptr<Backend> Checked(std::unique_ptr<Backend> wrapped) {
  UASIO_CHECK(wrapped != nullptr, "FaultBackend: there is no backend to wrap");
  return wrapped;
}

// Whether it is durable when it has finished.
bool IsDurableWrite(const Request& r) {
  return IsWrite(r.op) && (r.flags & (RWF_DSYNC | RWF_SYNC)) != 0;
}

// The result of a request with this fault; 0: it is performed.
int64_t ResultOf(Fault fault) {
  switch (fault) {
    case Fault::kInterrupted:
      return -EINTR;
    case Fault::kTryAgain:
      return -EAGAIN;
    case Fault::kIoError:
      return -EIO;
    case Fault::kNoSpace:
      return -ENOSPC;
    case Fault::kRefusal:
      return kRefused;
    case Fault::kNone:
    case Fault::kShort:
    case Fault::kDelayed:
      break;
  }
  return 0;
}

}  // namespace

// The request that the wrapped backend sees: a copy of the queue's.
struct FaultBackend::Job : Request, Recyclable<Job> {
  Request* request;  // The queue's.
  Fault fault;
  uint64_t started;
};

FaultBackend::FaultBackend(FaultOptions options,
                           std::unique_ptr<Backend> wrapped)
    : options_(std::move(options)),
      wrapped_(Checked(std::move(wrapped))),
      name_(absl::StrCat("fault(", wrapped_->name(), ")")),
      fault_random_(options_.seed),
      reorder_random_(options_.seed),
      crash_log_(std::make_unique<CrashLog>()),
      jobs_(std::make_unique<internal::JobPool<Job>>()),
      raw_(kReapBatchMax) {}

FaultBackend::~FaultBackend() = default;

bool FaultBackend::Takes(const Request& request) const {
  return wrapped_->Takes(request) || NeedsCrashLog(request);
}

void FaultBackend::Attach(int event_fd) {
  event_fd_ = event_fd;
  wrapped_->Attach(event_fd);
}

void FaultBackend::Reserve(size_t requests_max) {
  wrapped_->Reserve(requests_max);
  jobs_->Reserve(requests_max);
  batch_.reserve(requests_max);
  delayed_.reserve(requests_max);
  late_.reserve(requests_max);
  finished_.Reserve(requests_max);
}

size_t FaultBackend::Start(absl::Span<Request* const> batch) {
  batch_.clear();
  for (Request* request : batch) {
    Job* job = jobs_->New(request);
    static_cast<Request&>(*job) = *request;
    job->fault = ChooseFault(*request);
    job->started = crash_log_->Tick();
    StartOne(job);
  }
  in_wrapped_ += batch_.size();
  if (!batch_.empty() && wrapped_->Start(batch_) > 0) {
    while (ReapWrapped(0, kDontWait)) {
    }
  }
  SignalDelayed();
  return finished_.size();
}

size_t FaultBackend::Reap(absl::Span<Completion> out, size_t min,
                          Deadline deadline) {
  size_t count = finished_.MoveTo(out);
  const bool were_delayed = !delayed_.empty();
  while (count < out.size()) {
    const bool missing = count < min;
    // With delayed completions at hand, do not block for others.
    const bool waits = missing && delayed_.empty();
    if (!ReapWrapped(waits ? 1 : 0, deadline)) {
      if (delayed_.empty() || !(missing || were_delayed)) break;
      FinishDelayed();
    }
    count += finished_.MoveTo(out.subspan(count));
  }
  SignalDelayed();
  return count;
}

// The next Reap() returns them at the latest, so the owner must call it.
void FaultBackend::SignalDelayed() {
  if (!delayed_.empty() && event_fd_ >= 0) eventfd_write(event_fd_, 1);
}

void FaultBackend::Cancel(Request* request) {
  Job* job = jobs_->Find(request);
  if (job == nullptr) return;  // It waits for Reap().
  const auto late =
      std::find_if(delayed_.begin(), delayed_.end(),
                   [job](const Completion& c) { return c.request == job; });
  if (late == delayed_.end()) return wrapped_->Cancel(job);
  const Completion completion = *late;
  delayed_.erase(late);
  FinishWrapped(completion);
}

absl::Status FaultBackend::Crash() {
  UASIO_CHECK(options_.can_crash, "Crash: can_crash was not set");
  UASIO_CHECK(jobs_->in_flight() == 0, "Crash: requests are in flight");
  return crash_log_->Undo();
}

// A scripted fault replaces a drawn one.
Fault FaultBackend::ChooseFault(const Request& request) {
  const Kind kind = KindOf(request.op);
  const uint64_t nth_of_any = ++started_[static_cast<size_t>(Kind::kAny)];
  const uint64_t nth =
      kind == Kind::kAny ? nth_of_any : ++started_[static_cast<size_t>(kind)];
  Fault fault = DrawFault();
  for (const FaultOptions::Scripted& line : options_.script) {
    if (line.kind == kind ? line.nth == nth
                          : line.kind == Kind::kAny && line.nth == nth_of_any) {
      fault = line.fault;
    }
  }
  if (!IsPossible(fault, request)) fault = Fault::kNone;
  ++counts_[static_cast<size_t>(fault)];
  return fault;
}

bool FaultBackend::IsPossible(Fault fault, const Request& request) const {
  const bool recovered = !FinishesTransfers();  // By the queue.
  switch (fault) {
    case Fault::kShort:
      return recovered && ShortLength(request) < request.length;
    case Fault::kInterrupted:
    case Fault::kRefusal:
      return recovered;
    case Fault::kTryAgain:
      return recovered || !request.traits.sized ||
             (request.flags & RWF_NOWAIT) != 0;
    case Fault::kNoSpace:
      return IsWrite(request.op);
    case Fault::kNone:
    case Fault::kIoError:
    case Fault::kDelayed:
      break;
  }
  return true;
}

// Whether the queue, if it got this, would let the workers do the rest.
Fault FaultBackend::DrawFault() {
  double left = std::uniform_real_distribution<>(0, 1)(fault_random_);
  for (size_t i = 0; i < kFaults; ++i) {
    left -= options_.rates[i];
    if (left < 0) return static_cast<Fault>(i);
  }
  return Fault::kNone;
}

// Where a short transfer of the request ends: at half of the rest, in whole
// blocks or sectors on a direct fd; at its length if no such half exists.
size_t FaultBackend::ShortLength(const Request& request) {
  const bool transfers = IsRead(request.op) || IsWrite(request.op);
  if (IsVectored(request.op) || !transfers) return request.length;
  const size_t unit =
      request.traits.direct
          ? std::max(kBufferAlignment, GetDirectIo(request.fd).offset_bytes)
          : 1;
  const size_t half = (request.length - request.transferred) / 2 / unit * unit;
  return half == 0 ? request.length : request.transferred + half;
}

// Finishes the job at once, or adds it to batch_.
void FaultBackend::StartOne(Job* job) {
  const int64_t result = ResultOf(job->fault);
  const bool here = result != 0 && NeedsCrashLog(*job) &&
                    IsForWorkers(*this, {job, result, job->transferred});
  if (result != 0 && !here) return Finish(job, result, job->transferred);
  if (job->fault == Fault::kShort) job->length = ShortLength(*job);
  if (!RecordForCrash(job)) return Finish(job, -EIO, job->transferred);
  if (here || !wrapped_->Takes(*job)) return PerformInline(job);
  batch_.push_back(job);
}

// True: the crash log must record it, so the workers must not perform it.
bool FaultBackend::NeedsCrashLog(const Request& request) const {
  return options_.can_crash && request.traits.sized &&
         (IsWrite(request.op) || IsSync(request.op));
}

// False: what the write replaces cannot be read, or there is no memory for it.
bool FaultBackend::RecordForCrash(Job* job) {
  if (!NeedsCrashLog(*job) || !IsWrite(job->op)) return true;
  try {
    const absl::Status kept = crash_log_->RecordWrite(*job, job->started);
    return kept.ok() || absl::IsNotFound(kept);  // NotFound: the fd is closed.
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void FaultBackend::PerformInline(Job* job) {
  const WriteSignalsBlocked signals_blocked(IsWrite(job->op));
  Transfer transfer = internal::MakeTransfer(*job);
  const int64_t result = Perform(&transfer);
  Finish(job, result, transfer.done);
}

// Blocks for `min` completions of the wrapped backend, and finishes all that
// are not delayed.  False: it had none.
bool FaultBackend::ReapWrapped(size_t min, Deadline deadline) {
  absl::Span<Completion> raw = absl::MakeSpan(raw_).first(0);
  if (in_wrapped_ > 0) {
    raw = absl::MakeSpan(raw_);
    raw = raw.first(wrapped_->Reap(raw, min, deadline));
    in_wrapped_ -= raw.size();
    if (options_.reorder) std::shuffle(raw.begin(), raw.end(), reorder_random_);
  }
  if (!raw.empty()) late_.swap(delayed_);
  for (const Completion& c : raw) {
    const bool delayed = static_cast<Job*>(c.request)->fault == Fault::kDelayed;
    // The workers must begin at once with a request that has not been done.
    if (delayed && !IsForWorkers(*this, c)) {
      delayed_.push_back(c);
    } else {
      FinishWrapped(c);
    }
  }
  for (const Completion& c : late_) FinishWrapped(c);
  late_.clear();
  if (in_wrapped_ == 0) FinishDelayed();  // Nothing else will complete.
  return !raw.empty();
}

void FaultBackend::FinishDelayed() {
  for (const Completion& c : delayed_) FinishWrapped(c);
  delayed_.clear();
}

void FaultBackend::FinishWrapped(const Completion& completion) {
  Job* job = static_cast<Job*>(completion.request);
  if (!IsForWorkers(*this, completion) || !NeedsCrashLog(*job)) {
    return Finish(job, completion.result, completion.transferred);
  }
  job->transferred = completion.transferred;
  PerformInline(job);
}

void FaultBackend::Finish(Job* job, int64_t result, size_t transferred) {
  if (IsWrite(job->op)) crash_log_->RecordFinish(job->started, transferred);
  if (IsSync(job->op) && result >= 0) {
    crash_log_->RecordSync(job->fd, job->started);
  } else if (IsDurableWrite(*job) && result >= 0) {
    crash_log_->RecordSync(job->fd, crash_log_->Tick());
  }
  finished_.Add(job->request, result, transferred);
  jobs_->Recycle(job);
}

}  // namespace uasio
