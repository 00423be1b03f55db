// A Lease owns a request: its destructor puts the request back, so that an
// early return loses nothing.
//
// Threads:   only the thread of the request's queue.
// Ownership: the Lease owns the request until Submit() or Release().  No Lease
//            may outlive its queue: the queue's destructor CHECKs that.
// Errors:    a Lease is empty where Get() or Wait() returned nullptr.
//
//   Lease lease(queue.Get());
//   if (!lease) return absl::ResourceExhaustedError("no request");
//   lease->Read(file, 0, 65536);
//   queue.Submit(std::move(lease));
//   ...                            // Other work, while the request runs.
//   Lease done(queue.Wait());
//   if (!done->status().ok()) return done->status();

#ifndef UASIO_ASIO_LEASE_H_
#define UASIO_ASIO_LEASE_H_

#include <utility>

#include "asio/queue.h"
#include "asio/request.h"

namespace uasio {

class Lease {
 public:
  Lease() noexcept = default;  // Empty.

  // Takes the request from the caller; empty for nullptr.
  // REQUIRES: the caller owns it, as for Queue::Put(); no other Lease has it.
  explicit Lease(Request* request) noexcept : request_(request) {
    if (request != nullptr) Queue::CountLease(request);
  }

  // Puts the request back.  In a forked child it does nothing.
  ~Lease() { Put(); }

  Lease(Lease&& other) noexcept
      : request_(std::exchange(other.request_, nullptr)) {}

  // Puts back the request that it had.
  Lease& operator=(Lease&& other) noexcept {
    if (this == &other) return *this;
    Put();
    request_ = std::exchange(other.request_, nullptr);
    return *this;
  }

  // True: it has a request.
  explicit operator bool() const noexcept { return request_ != nullptr; }

  // REQUIRES: it has a request.  Do not submit or put what get(), * and ->
  // give: use Queue::Submit(Lease&&) or Release().
  Request* operator->() const noexcept { return request_; }
  Request& operator*() const noexcept { return *request_; }

  // nullptr: it is empty.
  [[nodiscard]] Request* get() const noexcept { return request_; }

  // Gives the request to the caller; nullptr if it is empty.
  [[nodiscard]] Request* Release() noexcept {
    if (request_ != nullptr) Queue::DiscountLease(request_);
    return std::exchange(request_, nullptr);
  }

 private:
  void Put() {
    if (request_ != nullptr) Queue::PutLeased(request_);
  }

  Request* request_ = nullptr;
};

}  // namespace uasio

#endif  // UASIO_ASIO_LEASE_H_
