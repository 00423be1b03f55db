#include "asio/internal/queue_impl.h"

#include <errno.h>
#include <limits.h>

#include <algorithm>
#include <cstdio>
#include <new>
#include <string>
#include <utility>

#include "asio/errors.h"
#include "asio/internal/probes.h"
#include "workqueue/check.h"

namespace uasio::internal {
namespace {

constexpr size_t kCompletionsAtOnce = 64;
constexpr char kNotToBeSubmitted[] =
    "Submit: the request is not the caller's; was it submitted or put before?";
constexpr char kNoEventFd[] = "cannot create the queue's eventfd";

QueueOptions Checked(const QueueOptions& options) {
  UASIO_CHECK(options.buffer_bytes > 0, "Queue: buffer_bytes must not be 0");
  UASIO_CHECK(options.requests_max > 0, "Queue: requests_max must not be 0");
  UASIO_CHECK(options.depth_max > 0, "Queue: depth_max must not be 0");
  UASIO_CHECK(options.writebacks_max > 0,
              "Queue: writebacks_max must not be 0");
  QueueOptions checked = options;
  checked.writebacks_max = std::min(
      options.writebacks_max, std::max<size_t>(options.requests_max - 1, 1));
  return checked;
}

// The sum of the iovecs' lengths; SIZE_MAX if they have no valid sum, which the
// system call refuses.
size_t VectorLength(const Request& r) {
  size_t sum = 0;
  if (r.iovec_count < 0 || r.iovec_count > IOV_MAX) return SIZE_MAX;
  for (int i = 0; i < r.iovec_count; ++i) {
    if (__builtin_add_overflow(sum, r.iovecs[i].iov_len, &sum)) return SIZE_MAX;
  }
  return sum;
}

// True if the request fits into the queue's buffer, or if it begins in the
// caller's own memory.
bool FitsBuffer(const Slot& slot, size_t buffer_bytes) {
  const uintptr_t at = reinterpret_cast<uintptr_t>(slot.buffer) -
                       reinterpret_cast<uintptr_t>(slot.own_buffer);
  return at >= buffer_bytes || slot.length <= buffer_bytes - at;
}

void SetRange(Slot* slot) {
  const int64_t length =
      static_cast<int64_t>(std::min<uint64_t>(slot->length, INT64_MAX));
  slot->begin = slot->offset;
  if (slot->offset < 0) {
    slot->end = slot->begin;  // Empty: the system call refuses the offset.
  } else if (__builtin_add_overflow(slot->begin, length, &slot->end)) {
    slot->end = INT64_MAX;
  }
}

void SetOrder(Slot* slot) {
  const FdTraits& traits = slot->traits;
  if (IsSync(slot->op)) {
    slot->kind = OrderNode::Kind::kSync;
  } else if (slot->offset == kFilePosition || !traits.sized || Appends(*slot)) {
    slot->kind = OrderNode::Kind::kExclusive;
  } else {
    slot->kind =
        IsRead(slot->op) ? OrderNode::Kind::kRead : OrderNode::Kind::kWrite;
    SetRange(slot);
  }
}

// The handler of a request that was submitted with a closure.
void RunClosure(Request* request) noexcept {
  Slot* slot = static_cast<Slot*>(request);
  auto closure = std::exchange(slot->closure, nullptr);
  slot->handler = nullptr;  // For the next Submit(), perhaps by the closure.
  closure(request);
}

void PrintUnreadErrors(const Ledger& ledger) {
  for (const auto& [fd, account] : ledger.accounts()) {
    const absl::Status unseen = ledger.unseen(fd);
    if (account.read || unseen.ok()) continue;
    std::fprintf(stderr, "uasio: ~Queue: nobody read this error: %s\n",
                 std::string(unseen.message()).c_str());
  }
}

}  // namespace

QueueImpl::QueueImpl(const QueueOptions& options,
                     std::unique_ptr<Backend> backend)
    : options_(Checked(options)),
      router_(std::move(backend), options, &stats_),
      slots_(
          this, options.buffer_bytes, options.requests_max,
          options.idle_buffers_age,
          {[this](size_t requests) { Reserve(requests); },
           [this](char* data, size_t size) { router_.AddBuffers(data, size); },
           [this](char* data, size_t size) {
             return router_.RemoveBuffers(data, size);
           }}),
      completions_(kCompletionsAtOnce) {}

// In a forked child the members free the child's memory and fds.
QueueImpl::~QueueImpl() {
  if (!owner_.IsThisProcess()) return;
  CheckMayWait();
  closing_ = true;
  while (in_flight() > 0) {
    RunDue();
    if (in_flight_ > 0) ReapBlockingUnlessDue(kNoDeadline);
  }
  UASIO_CHECK(leases_ == 0,
              "~Queue: a Lease must not outlive its queue; destroy it, or "
              "Release() its request, before the queue");
  fds_.DropAll([this](int fd) { router_.RemoveFile(fd); });
  PrintUnreadErrors(ledger_);
}

absl::Status QueueImpl::status() const {
  const int error = router_.setup_error();
  return error == 0 ? absl::OkStatus() : ErrnoStatus(error, kNoEventFd);
}

// An idle slot or a new one.  nullptr: requests_max are in use, or there is no
// memory.
Slot* QueueImpl::TakeSlot() {
  try {
    ledger_.Reserve(slots_.size());  // Replaces what kept errors have used.
    if (idle_.empty()) {
      Slot* made = slots_.New();
      if (made == nullptr) return nullptr;
      idle_.AddHead(made);
    }
    slots_.Lend(idle_.head());
    return idle_.RemoveHead();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// Allocates all memory that `requests` need until they are put, so that only
// Get() can fail for lack of memory.
void QueueImpl::Reserve(size_t requests) {
  batch_.reserve(requests);
  fds_.Reserve(requests);
  ledger_.Reserve(requests);
  router_.Reserve(requests);
}

Request* QueueImpl::Get() {
  CheckCaller();
  MakeProgress();
  Slot* slot = TakeSlot();
  if (slot == nullptr) {
    Reap(kDontWait);
    slot = TakeSlot();
  }
  AnnounceRest();
  if (slot == nullptr) return nullptr;
  static_cast<Request&>(*slot) = Request();
  slot->buffer = slot->queue_buffer = slot->own_buffer;
  SetState(slot, RequestState::kOwned);
  return slot;
}

void QueueImpl::Put(Request* request) {
  CheckCaller();
  Slot* slot =
      Owned(request,
            "Put: the request is not the caller's; it is still in flight, "
            "or was put before");
  SetState(slot, RequestState::kIdle);
  slots_.ReleaseAged();
}

void QueueImpl::Submit(absl::Span<Request* const> batch) {
  CheckCaller();
  UASIO_CHECK(!closing_, "Submit: the queue is being destroyed");
  if (options_.measure_latency) now_ = Now();
  ++submit_;
  for (Request* request : batch) {
    Slot* slot = Owned(request, kNotToBeSubmitted);
    CheckForm(*slot);
    if (slot->op == Op::kWriteBack) WaitForWritebackRoom();
    Accept(slot);
  }
  const bool completed = StartBacklog();
  ++submit_;
  if (completed) {
    Reap(kDontWait);
  } else {
    MakeProgress();
  }
  AnnounceRest();
}

void QueueImpl::Submit(Request* request,
                       absl::AnyInvocable<void(Request*)> closure) {
  CheckCaller();
  Slot* slot = Owned(request, kNotToBeSubmitted);
  UASIO_CHECK(closure != nullptr, "Submit: the closure is empty");
  UASIO_CHECK(slot->handler == nullptr,
              "Submit: a request has a handler or a closure, not both");
  slot->closure = std::move(closure);
  slot->handler = &RunClosure;
  Submit(absl::MakeConstSpan(&request, 1));
}

absl::Status QueueImpl::Sync() {
  CheckMayWait();
  ++round_;
  older_ = in_flight();
  RunDue();
  while (older_ > 0) {
    ReapBlockingUnlessDue(kNoDeadline);
    RunDue();
  }
  AnnounceRest();
  ledger_.MarkRead();
  return ledger_.unseen();
}

void QueueImpl::SyncFd(int fd) {
  CheckMayWait();
  RunDue();
  while (fds_.IsInFlight(fd)) {
    ReapBlockingUnlessDue(kNoDeadline);
    RunDue();
  }
  AnnounceRest();
}

// While depth_ is 0, nothing on fds with a size is in the backlog, or held.
void QueueImpl::FinishWithThread() {
  CheckMayWait();
  for (Slot& slot : slots_) {
    const bool waits = IsInFlight(slot.state) && IsRead(slot.latch.op) &&
                       (!slot.latch.traits.sized || slot.latch.traits.may_wait);
    if (waits) Cancel(&slot);
  }
  MakeProgress();
  while (depth_ + handlers_due_ > 0) {
    RunDue();
    if (depth_ > 0) ReapBlockingUnlessDue(kNoDeadline);
  }
}

void QueueImpl::ForEachInFlight(absl::FunctionRef<void(const Request&)> call) {
  CheckCaller();
  for (const Slot& slot : slots_) {
    const bool due =
        slot.state == RequestState::kDone && slot.latch.handler != nullptr;
    if (due || IsInFlight(slot.state)) call(slot);
  }
}

absl::StatusOr<int> QueueImpl::event_fd() {
  CheckCaller();
  if (!router_.EnableEventFd()) {
    return ErrnoStatus(errno, kNoEventFd);
  }
  polled_ = true;
  AnnounceRest();
  return router_.event_fd();
}

void QueueImpl::Use(int fd) {
  CheckCaller();
  UASIO_CHECK(fd >= 0, "Use: the file is not open");
  fds_.Use(fd);
  if (fds_.Register(fd)) router_.AddFile(fd);
}

FileFacts QueueImpl::UseUnregistered(int fd) {
  CheckCaller();
  return fds_.UseAndDescribe(fd);
}

absl::Status QueueImpl::Forget(int fd) {
  CheckCaller();
  UASIO_CHECK(!fds_.IsInFlight(fd),
              "Forget: requests are in flight on the fd; Sync() first");
  if (fds_.Drop(fd)) router_.RemoveFile(fd);
  const absl::Status kept = ledger_.unseen(fd);
  ledger_.Clear(fd);
  return kept;
}

size_t QueueImpl::ReleaseIdleBuffers() {
  CheckCaller();
  return slots_.ReleaseIdle();
}

void QueueImpl::ClearErrors(int fd) {
  CheckCaller();
  ledger_.Clear(fd);
}

void QueueImpl::CheckCaller() const {
  UASIO_CHECK(owner_.IsThisProcess(),
              "Queue: a forked child must not use its parent's queue");
  UASIO_CHECK(owner_.IsThisThread(),
              "Queue: only the thread that created the queue may use it");
}

void QueueImpl::CountLease() {
  CheckCaller();
  ++leases_;
}

void QueueImpl::DiscountLease() {
  CheckCaller();
  --leases_;
}

void QueueImpl::PutLeased(Request* request) {
  if (!owner_.IsThisProcess()) return;
  DiscountLease();
  Put(request);
}

void QueueImpl::CheckMayWait() const {
  CheckCaller();
  UASIO_CHECK(!in_handler_, "Queue: a handler must not wait for results");
}

Slot* QueueImpl::Owned(Request* request, const char* rule) const {
  UASIO_CHECK(request != nullptr,
              "Queue: there is no request; did Get() fail?");
  Slot* slot = static_cast<Slot*>(request);
  UASIO_CHECK(slot->owner == this,
              "Queue: the request is not of this queue's Get()");
  UASIO_CHECK(slot->state == RequestState::kOwned, rule);
  return slot;
}

// Changes the state of a request, and adds it to the list of that state.
// REQUIRES: it is on no list.
void QueueImpl::SetState(Slot* slot, RequestState state) {
  slot->state = state;
  switch (state) {
    case RequestState::kIdle:
      return AddIdle(slot);
    case RequestState::kBacklog:
      return backlog_.AddTail(slot);
    case RequestState::kDone:
      if (slot->latch.handler == nullptr) return done_.AddTail(slot);
      ++handlers_due_;
      return due_.AddTail(slot);
    case RequestState::kOwned:
    case RequestState::kHeld:
    case RequestState::kInline:
    case RequestState::kRunning:
      return;
  }
}

void QueueImpl::AddIdle(Slot* slot) {
  slots_.TakeBack(slot);
  idle_.AddHead(slot);  // Reused first: its buffer may be cached.
}

void QueueImpl::CheckForm(const Slot& slot) const {
  UASIO_CHECK(IsOp(slot.op), "Submit: there is no such op");
  UASIO_CHECK(IsVectored(slot.op) || FitsBuffer(slot, options_.buffer_bytes),
              "Submit: length exceeds the queue's buffer_bytes");
  UASIO_CHECK(!IsVectored(slot.op) || slot.iovecs != nullptr,
              "Submit: readv or writev without iovecs");
  UASIO_CHECK(slot.op != Op::kWriteBack || slot.handler == nullptr,
              "Submit: a write-back has no handler; it never comes back");
}

// From kOwned to kBacklog, or to kHeld if its order holds it.
void QueueImpl::Accept(Slot* slot) {
  if (IsVectored(slot->op)) slot->length = VectorLength(*slot);
  slot->result = 0;
  slot->transferred = 0;
  slot->round = round_;
  slot->submitted_at = now_;
  slot->submit = submit_;
  slot->traits = FdTraits();
  slot->descriptor = nullptr;
  slot->inlined = false;
  const bool may_start = MayStart(slot);
  static_cast<Request&>(slot->latch) = *slot;
  slot->latch.kept = 0;
  ++in_flight_;
  if (slot->op == Op::kWriteBack) ++writebacks_;
  if (slot->latch.IsReturnable()) ++returnable_;
  ++stats_.submitted;
  if (!may_start) ++stats_.held;
  ProbeSubmit(*slot);
  SetState(slot, may_start ? RequestState::kBacklog : RequestState::kHeld);
}

bool QueueImpl::MayStart(Slot* slot) {
  if (slot->op == Op::kNoOp) return true;
  slot->descriptor = fds_.Acquire(slot->fd);
  slot->traits = slot->descriptor->traits;
  if (options_.order == Order::kNone) return true;
  SetOrder(slot);
  return slot->descriptor->OrderOf(slot->op)->Add(slot);
}

void QueueImpl::WaitForWritebackRoom() {
  if (writebacks_ < options_.writebacks_max) return;
  StartBacklog();
  while (writebacks_ >= options_.writebacks_max) {
    Reap(kNoDeadline);
  }
}

}  // namespace uasio::internal
