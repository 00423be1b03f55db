#include "asio/backends/fault.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "workqueue/check.h"

namespace uasio {
namespace {

using Kind = FaultOptions::Kind;

constexpr size_t kCompletionsAtOnce = 64;

Kind KindOf(Op op) {
  if (IsRead(op)) return Kind::kRead;
  return IsWrite(op) ? Kind::kWrite : Kind::kSync;
}

// What a request with this fault comes back with at once; 0: it is done.
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
    case Fault::kRefused:
      return kRefused;
    case Fault::kNone:
    case Fault::kShort:
    case Fault::kDelayed:
      break;
  }
  return 0;
}

}  // namespace

// What the wrapped backend sees is a request of ours.
struct FaultBackend::Job : Request {
  Request* request;  // The queue's.
  Fault fault;
  uint64_t started;
};

FaultBackend::FaultBackend(FaultOptions options,
                           std::unique_ptr<Backend> wrapped)
    : options_(std::move(options)),
      wrapped_(std::move(wrapped)),
      name_(absl::StrCat("fault(", wrapped_->name(), ")")),
      random_(options_.seed),
      raw_(kCompletionsAtOnce) {}

FaultBackend::~FaultBackend() = default;

bool FaultBackend::Takes(const Request& request) const {
  return wrapped_->Takes(request);
}

size_t FaultBackend::Start(absl::Span<Request* const> batch) {
  batch_.clear();
  for (Request* request : batch) {
    Job* job = jobs_.New(request);
    static_cast<Request&>(*job) = *request;
    job->fault = Choose(*request);
    job->started = crash_log_.Tick();
    if (int64_t result = ResultOf(job->fault)) {
      Finish(job, result, request->transferred);
      continue;
    }
    if (job->fault == Fault::kShort) job->length = ShortLength(*job);
    if (!KeepForCrash(job)) continue;
    batch_.push_back(job);
  }
  in_wrapped_ += batch_.size();
  if (!batch_.empty() && wrapped_->Start(batch_) > 0) {
    CollectWrapped(0, absl::InfinitePast());
  }
  return finished_.size();
}

size_t FaultBackend::Collect(absl::Span<Completion> out, size_t min,
                             absl::Time deadline) {
  size_t count = finished_.MoveTo(out);
  while (count < out.size()) {
    const bool enough = count >= min;
    if (!CollectWrapped(enough ? 0 : 1, deadline)) break;
    count += finished_.MoveTo(out.subspan(count));
  }
  return count;
}

void FaultBackend::Cancel(Request* request) {
  Job* job = jobs_.Find(request);
  const bool is_delayed =
      std::any_of(delayed_.begin(), delayed_.end(),
                  [job](const Completion& c) { return c.request == job; });
  if (job != nullptr && !is_delayed) wrapped_->Cancel(job);
}

absl::Status FaultBackend::Crash() {
  UASIO_CHECK(options_.can_crash, "Crash: can_crash was not set");
  UASIO_CHECK(jobs_.in_flight() == 0, "Crash: requests are in flight");
  return crash_log_.Undo();
}

// The script has the first word.
Fault FaultBackend::Choose(const Request& request) {
  const Kind kind = KindOf(request.op);
  const uint64_t nth = ++started_[static_cast<size_t>(kind)];
  const uint64_t nth_of_any = ++started_[static_cast<size_t>(Kind::kAny)];
  Fault fault = Draw();
  for (const FaultOptions::Scripted& line : options_.script) {
    if (line.kind == kind ? line.nth == nth
                          : line.kind == Kind::kAny && line.nth == nth_of_any) {
      fault = line.fault;
    }
  }
  const bool impossible =
      (fault == Fault::kNoSpace && kind != Kind::kWrite) ||
      (fault == Fault::kShort && ShortLength(request) == request.length);
  if (impossible) fault = Fault::kNone;
  ++counts_[static_cast<size_t>(fault)];
  return fault;
}

Fault FaultBackend::Draw() {
  double left = std::uniform_real_distribution<>(0, 1)(random_);
  for (size_t i = 0; i < kFaults; ++i) {
    left -= options_.rates[i];
    if (left < 0) return static_cast<Fault>(i);
  }
  return Fault::kNone;
}

// Half of what is left, in whole blocks on a direct fd; the length itself if
// there is no such half.
size_t FaultBackend::ShortLength(const Request& request) {
  if (IsVectored(request.op) || KindOf(request.op) == Kind::kSync) {
    return request.length;
  }
  const size_t unit = request.traits.direct ? kBufferAlignment : 1;
  const size_t half = (request.length - request.transferred) / 2 / unit * unit;
  return half == 0 ? request.length : request.transferred + half;
}

// False: it has failed instead.
bool FaultBackend::KeepForCrash(Job* job) {
  if (!options_.can_crash || !IsWrite(job->op) || job->offset < 0) return true;
  if (crash_log_.Keep(*job, job->started).ok()) return true;
  Finish(job, -EIO, job->transferred);
  return false;
}

// Waits for `min` of the wrapped backend's, and finishes what may come back.
// False: nothing has come.
bool FaultBackend::CollectWrapped(size_t min, absl::Time deadline) {
  absl::Span<Completion> raw = absl::MakeSpan(raw_).first(0);
  if (in_wrapped_ > 0) {
    raw = absl::MakeSpan(raw_);
    raw = raw.first(wrapped_->Collect(raw, min, deadline));
    in_wrapped_ -= raw.size();
    if (options_.reorder) std::shuffle(raw.begin(), raw.end(), random_);
  }
  std::vector<Completion> late;
  if (!raw.empty()) late.swap(delayed_);
  for (const Completion& c : raw) {
    const bool delayed = static_cast<Job*>(c.request)->fault == Fault::kDelayed;
    if (delayed) {
      delayed_.push_back(c);
    } else {
      FinishWrapped(c);
    }
  }
  for (const Completion& c : late) FinishWrapped(c);
  if (in_wrapped_ == 0) {  // There is nothing that it could come after.
    for (const Completion& c : delayed_) FinishWrapped(c);
    delayed_.clear();
  }
  return !raw.empty() || finished_.size() > 0;
}

void FaultBackend::FinishWrapped(const Completion& completion) {
  Finish(static_cast<Job*>(completion.request), completion.result,
         completion.transferred);
}

void FaultBackend::Finish(Job* job, int64_t result, size_t transferred) {
  if (IsWrite(job->op)) crash_log_.Finished(job->started);
  if (IsSync(job->op) && result >= 0) crash_log_.Synced(job->fd, job->started);
  finished_.Add(job->request, result, transferred);
  jobs_.Recycle(job);
}

}  // namespace uasio
