// What the members of CoroutineQueue return, and how coroutines are resumed.
// Part of asio/coroutine.h, which includes it; do not include it yourself.

#ifndef UASIO_ASIO_COROUTINE_AWAITERS_H_
#define UASIO_ASIO_COROUTINE_AWAITERS_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "asio/coroutine.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/request.h"
#include "workqueue/check.h"

namespace uasio {

class CoroutineQueue::GetAwaiter final : private Awaiter {
 public:
  bool await_ready() { return (request_ = TryGet()) != nullptr; }
  void await_suspend(std::coroutine_handle<> handle) {
    Suspend(handle);
    WaitForRequest();
  }
  Request* await_resume() { return request_; }

 private:
  friend class CoroutineQueue;
  using Awaiter::Awaiter;

  void OnRequest(Request* request) override {
    request_ = request;
    Resume();
  }
};

class CoroutineQueue::SubmitAwaiter final : private Awaiter {
 public:
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    Suspend(handle);
    Start(request_);
  }
  Request* await_resume() { return request_; }

 private:
  friend class CoroutineQueue;
  SubmitAwaiter(CoroutineQueue* owner, Request* request) : Awaiter(owner) {
    request_ = request;
  }

  void OnRequest(Request*) override {}  // It waits for none.
};

// Gets a request, submits it, and gives it back when the coroutine is resumed.
class CoroutineQueue::OperationAwaiter : protected Awaiter {
 public:
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    Suspend(handle);
    Request* request = TryGet();
    request != nullptr ? OnRequest(request) : WaitForRequest();
  }

 protected:
  OperationAwaiter(CoroutineQueue* owner, Op op, const File& file,
                   int64_t offset, const char* from, size_t length)
      : Awaiter(owner),
        op_(op),
        fd_(file.fd()),
        offset_(offset),
        from_(from),
        length_(length) {
    UASIO_CHECK(length <= owner->queue()->options().buffer_bytes,
                "CoroutineQueue: the length is more than buffer_bytes");
  }

  absl::Status TakeStatus() {
    absl::Status status = request_->status();
    PutRequest();
    return status;
  }
  void PutRequest() { owner()->queue()->Put(request_); }

 private:
  void OnRequest(Request* request) override {
    request->op = op_;
    request->fd = fd_;
    request->offset = offset_;
    request->length = length_;
    if (from_ != nullptr) std::memcpy(request->buffer, from_, length_);
    Start(request);
  }

  const Op op_;
  const int fd_;
  const int64_t offset_;
  const char* const from_;
  const size_t length_;
};

class CoroutineQueue::ReadAwaiter final : public OperationAwaiter {
 public:
  absl::StatusOr<size_t> await_resume() {
    if (request_->result < 0) return TakeStatus();
    const size_t got = static_cast<size_t>(request_->result);
    if (got > 0) std::memcpy(to_, request_->buffer, got);
    PutRequest();
    return got;
  }

 private:
  friend class CoroutineQueue;
  ReadAwaiter(CoroutineQueue* owner, const File& file, int64_t offset,
              absl::Span<char> to)
      : OperationAwaiter(owner, Op::kRead, file, offset, nullptr, to.size()),
        to_(to.data()) {}

  char* const to_;
};

class CoroutineQueue::StatusAwaiter final : public OperationAwaiter {
 public:
  absl::Status await_resume() { return TakeStatus(); }

 private:
  friend class CoroutineQueue;
  using OperationAwaiter::OperationAwaiter;
};

inline CoroutineQueue::CoroutineQueue(Queue* queue)
    : queue_(queue),
      operations_(new (std::nothrow) Operation[queue->options().requests_max]) {
  UASIO_CHECK(operations_ != nullptr,
              "CoroutineQueue: there is no memory for its operations");
  for (size_t i = 0; i < queue->options().requests_max; ++i) {
    GiveBack(&operations_[i]);
  }
}

inline CoroutineQueue::ReadAwaiter CoroutineQueue::Read(const File& file,
                                                        int64_t offset,
                                                        absl::Span<char> to) {
  return ReadAwaiter(this, file, offset, to);
}

inline CoroutineQueue::StatusAwaiter CoroutineQueue::Write(
    const File& file, int64_t offset, absl::Span<const char> from) {
  return StatusAwaiter(this, Op::kWrite, file, offset, from.data(),
                       from.size());
}

inline CoroutineQueue::StatusAwaiter CoroutineQueue::Fsync(const File& file) {
  return StatusAwaiter(this, Op::kFsync, file, 0, nullptr, 0);
}

inline CoroutineQueue::StatusAwaiter CoroutineQueue::Fdatasync(
    const File& file) {
  return StatusAwaiter(this, Op::kFdatasync, file, 0, nullptr, 0);
}

inline CoroutineQueue::GetAwaiter CoroutineQueue::Get() {
  return GetAwaiter(this);
}

inline CoroutineQueue::SubmitAwaiter CoroutineQueue::Submit(Request* request) {
  return SubmitAwaiter(this, request);
}

// At most requests_max are in flight, so there is an operation.
inline void CoroutineQueue::Awaiter::Start(Request* request) {
  UASIO_CHECK(request->handler == nullptr,
              "CoroutineQueue: a request that it submits has no handler");
  operation_ = owner_->idle_;
  owner_->idle_ = operation_->next_idle;
  *operation_ = {owner_, this, request, nullptr};
  ++owner_->in_flight_;
  request->handler = &HandleCompletion;
  request->user_data = operation_;
  owner_->queue_->Submit(request);
}

inline void CoroutineQueue::Awaiter::Abandon() {
  if (!owner_->owner_.IsThisProcess()) return;
  --owner_->suspended_;
  if (operation_ == nullptr) return Waiting::Remove(this);
  operation_->awaiter = nullptr;
  owner_->queue_->Cancel(operation_->request);
}

inline void CoroutineQueue::HandleCompletion(Request* request) noexcept {
  Operation* operation = static_cast<Operation*>(request->user_data);
  CoroutineQueue* self = operation->owner;
  Awaiter* awaiter = operation->awaiter;
  request->handler = nullptr;  // The caller may submit it to the queue itself.
  request->user_data = nullptr;
  self->GiveBack(operation);
  --self->in_flight_;
  self->resuming_ = true;
  if (awaiter == nullptr) {
    self->queue_->Put(request);
  } else {
    awaiter->operation_ = nullptr;
    awaiter->request_ = request;
    awaiter->Resume();
  }
  self->ServeWaiting();
  self->resuming_ = false;
}

// Each gets a request or resumes; either may let others wait or end.
inline void CoroutineQueue::ServeWaiting() {
  while (Awaiter* awaiter = waiting_.head()) {
    Request* request = queue_->Get();
    if (request == nullptr) return;
    waiting_.Remove(awaiter);
    awaiter->OnRequest(request);
  }
}

}  // namespace uasio

#endif  // UASIO_ASIO_COROUTINE_AWAITERS_H_
