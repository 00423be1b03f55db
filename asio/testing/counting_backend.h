// A CountingBackend counts the requests that the wrapped backend completes
// itself and does not leave to the workers.  It proves that a test has tested
// that backend.
//
// Threads:   Backend's rules.
// Ownership: it owns the wrapped backend; the counts are borrowed.

#ifndef UASIO_ASIO_TESTING_COUNTING_BACKEND_H_
#define UASIO_ASIO_TESTING_COUNTING_BACKEND_H_

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "asio/backend.h"

namespace uasio {

// Of transfers and syncs; no-ops do not count.
struct BackendCounts {
  size_t answered = 0;    // Completed, and not left to the workers.
  size_t not_writes = 0;  // Reads and syncs, answered or not.
};

class CountingBackend final : public Backend {
 public:
  CountingBackend(std::unique_ptr<Backend> wrapped, BackendCounts* counts)
      : wrapped_(std::move(wrapped)), counts_(counts) {}

  absl::string_view name() const override { return wrapped_->name(); }
  bool Takes(const Request& r) const override { return wrapped_->Takes(r); }
  bool FinishesTransfers() const override {
    return wrapped_->FinishesTransfers();
  }
  void Attach(int event_fd) override { wrapped_->Attach(event_fd); }
  void Reserve(size_t requests_max) override {
    wrapped_->Reserve(requests_max);
  }
  void AddBuffers(char* data, size_t size) override {
    wrapped_->AddBuffers(data, size);
  }
  bool RemoveBuffers(char* data, size_t size) override {
    return wrapped_->RemoveBuffers(data, size);
  }
  void AddFile(int fd) override { wrapped_->AddFile(fd); }
  void RemoveFile(int fd) override { wrapped_->RemoveFile(fd); }
  size_t Start(absl::Span<Request* const> batch) override {
    return wrapped_->Start(batch);
  }
  size_t StartBeforeReap(absl::Span<Request* const> batch) override {
    return wrapped_->StartBeforeReap(batch);
  }
  void Cancel(Request* r) override { wrapped_->Cancel(r); }

  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override {
    const size_t count = wrapped_->Reap(out, min, deadline);
    for (const Completion& c : out.first(count)) {
      if (c.request->op == Op::kNoOp || c.result == -EINTR) continue;
      if (!IsForWorkers(*this, c)) ++counts_->answered;
      if (!IsWrite(c.request->op)) ++counts_->not_writes;
    }
    return count;
  }

 private:
  const std::unique_ptr<Backend> wrapped_;
  BackendCounts* const counts_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_COUNTING_BACKEND_H_
