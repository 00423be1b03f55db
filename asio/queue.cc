// A map of the implementation, in asio/internal/:
//   queue_impl.h      the lists of requests, and all decisions of the owner
//                     (queue_reap.cc: those after a request has run;
//                     queue_wait.cc: the waiting calls; queue_cancel.cc:
//                     cancellation);
//   slot.h            the states of a request, its memory and its buffer;
//   order.h           which requests on an fd must wait;
//   fd_table.h        the traits and the order of each fd in flight;
//   router.h          divides requests between the queue's backend and the
//                     workers, and resubmits short transfers;
//   worker_backend.h  performs requests in a pool of threads, by the system
//                     calls of asio/syscalls/.

#include "asio/queue.h"

#include <utility>

#include "absl/time/clock.h"
#include "asio/file.h"
#include "asio/internal/queue_impl.h"
#include "asio/internal/to_deadline.h"
#include "asio/lease.h"
#include "workqueue/check.h"
#include "workqueue/deadline.h"

namespace uasio {
namespace {

using internal::ToDeadline;

// Reads the wall clock once, when the call begins; setting the clock later has
// no effect.
Deadline ToDeadline(absl::Time time) { return ToDeadline(time - absl::Now()); }

}  // namespace

Queue::Queue(const QueueOptions& options, std::unique_ptr<Backend> backend,
             absl::Status* status)
    : impl_(
          std::make_unique<internal::QueueImpl>(options, std::move(backend))) {
  *status = impl_->status();
}

Queue::Queue(const QueueOptions& options, std::unique_ptr<Backend> backend)
    : impl_(
          std::make_unique<internal::QueueImpl>(options, std::move(backend))) {
  UASIO_CHECK(impl_->status().ok(),
              "Queue: there is no fd left for the backend's eventfd; where "
              "that may happen, use Queue::Create()");
}

absl::StatusOr<std::unique_ptr<Queue>> Queue::Create(
    const QueueOptions& options, std::unique_ptr<Backend> backend) {
  absl::Status status;
  std::unique_ptr<Queue> queue(new Queue(options, std::move(backend), &status));
  if (!status.ok()) return status;
  return queue;
}

Queue::~Queue() = default;

void internal::FinishWithThread(Queue* queue) {
  queue->impl_->FinishWithThread();
}

void internal::WaitForHandler(Queue* queue) {
  queue->impl_->RunHandlers(kNoDeadline, /*ends_early=*/false);
}

FileFacts internal::UseUnregistered(Queue* queue, int fd) {
  return queue->impl_->UseUnregistered(fd);
}

Request* Queue::Get() noexcept {
  Request* request = impl_->Get();
  if (request != nullptr) request->queue = this;
  return request;
}

void Queue::Put(Request* request) noexcept { impl_->Put(request); }

void Queue::Submit(absl::Span<Request* const> batch) { impl_->Submit(batch); }

void Queue::Submit(Lease&& lease) { Submit(lease.Release()); }

void Queue::Submit(Request* request,
                   absl::AnyInvocable<void(Request*)> closure) {
  impl_->Submit(request, std::move(closure));
}

Request* Queue::WaitFor(absl::Duration timeout) {
  Request* request = nullptr;
  impl_->WaitMany(absl::MakeSpan(&request, 1), 1, ToDeadline(timeout));
  return request;
}

Request* Queue::WaitUntil(absl::Time deadline) {
  return WaitFor(deadline - absl::Now());
}

size_t Queue::WaitMany(absl::Span<Request*> out) {
  return out.empty() ? 0 : impl_->WaitMany(out, 1, kNoDeadline);
}

size_t Queue::WaitMany(absl::Span<Request*> out, size_t min,
                       absl::Duration timeout) {
  return impl_->WaitMany(out, min, ToDeadline(timeout));
}

bool Queue::WaitFor(Request* request, absl::Duration timeout) {
  return impl_->WaitFor(request, ToDeadline(timeout));
}

void Queue::SubmitAndWait(absl::Span<Request* const> batch) {
  impl_->SubmitAndWait(batch);
}

bool Queue::RunHandlers(absl::Time deadline) {
  return impl_->RunHandlers(ToDeadline(deadline), /*ends_early=*/true);
}

absl::Status Queue::Sync() { return impl_->Sync(); }

void Queue::Cancel(Request* request) { impl_->Cancel(request); }

void Queue::CancelAll() { impl_->CancelAll(); }

void Queue::CancelFd(int fd) { impl_->CancelFd(fd); }

void Queue::ForEachInFlight(absl::FunctionRef<void(const Request&)> call) {
  impl_->ForEachInFlight(call);
}

absl::Status Queue::EnableNotify() { return impl_->EnableNotify(); }

void Queue::Notify() noexcept { impl_->Notify(); }

absl::StatusOr<int> Queue::event_fd() { return impl_->event_fd(); }

void Queue::Use(const File& file) { impl_->Use(file.fd()); }

void Queue::Use(int fd) { impl_->Use(fd); }

absl::Status Queue::Forget(int fd) { return impl_->Forget(fd); }

absl::Status Queue::Close(File* file) {
  absl::Status kept = Forget(file->fd());
  absl::Status closed = file->Close();
  return kept.ok() ? closed : kept;
}

absl::Status Queue::SyncAndClose(File* file) {
  impl_->SyncFd(file->fd());
  return Close(file);
}

size_t Queue::ReleaseIdleBuffers() noexcept {
  return impl_->ReleaseIdleBuffers();
}

const Ledger& Queue::ledger() const noexcept { return impl_->ledger(); }

void Queue::ClearErrors(int fd) { impl_->ClearErrors(fd); }

size_t Queue::in_flight() const noexcept { return impl_->in_flight(); }

size_t Queue::writebacks() const noexcept { return impl_->writebacks(); }

const QueueStats& Queue::stats() const noexcept { return impl_->stats(); }

std::string Queue::DebugString() const { return impl_->DebugString(); }

const QueueOptions& Queue::options() const noexcept { return impl_->options(); }

absl::string_view Queue::backend_name() const noexcept {
  return impl_->backend_name();
}

void Queue::CheckCaller() const noexcept { impl_->CheckCaller(); }

void Queue::CountLease(Request* request) {
  UASIO_CHECK(request->queue != nullptr,
              "Lease: the request is not of a queue's Get()");
  request->queue->impl_->CountLease();
}

void Queue::DiscountLease(Request* request) {
  request->queue->impl_->DiscountLease();
}

void Queue::PutLeased(Request* request) {
  request->queue->impl_->PutLeased(request);
}

}  // namespace uasio
