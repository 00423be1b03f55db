// A CountingBackend counts what the backend that it wraps answers itself, and
// does not refuse: the proof that a test is about that backend, and not about
// the workers behind it.
//
// Threads:   Backend's rules.
// Ownership: it owns the wrapped one; the counter is borrowed.

#ifndef UASIO_TESTS_COUNTING_BACKEND_H_
#define UASIO_TESTS_COUNTING_BACKEND_H_

#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>

#include "asio/backend.h"

namespace uasio {

class CountingBackend final : public Backend {
 public:
  // `answered` counts transfers and syncs, not the no-ops.
  CountingBackend(std::unique_ptr<Backend> wrapped, size_t* answered)
      : wrapped_(std::move(wrapped)), answered_(answered) {}

  absl::string_view name() const override { return wrapped_->name(); }
  bool Takes(const Request& r) const override { return wrapped_->Takes(r); }
  bool FinishesTransfers() const override {
    return wrapped_->FinishesTransfers();
  }
  void Attach(int event_fd) override { wrapped_->Attach(event_fd); }
  void AddBuffers(char* data, size_t size) override {
    wrapped_->AddBuffers(data, size);
  }
  size_t Start(absl::Span<Request* const> batch) override {
    return wrapped_->Start(batch);
  }
  void Cancel(Request* r) override { wrapped_->Cancel(r); }

  size_t Collect(absl::Span<Completion> out, size_t min,
                 absl::Time deadline) override {
    const size_t count = wrapped_->Collect(out, min, deadline);
    for (const Completion& c : out.first(count)) {
      if (c.request->op == Op::kNoOp) continue;
      if (c.result != kRefused && c.result != -EINTR) ++*answered_;
    }
    return count;
  }

 private:
  const std::unique_ptr<Backend> wrapped_;
  size_t* const answered_;
};

}  // namespace uasio

#endif  // UASIO_TESTS_COUNTING_BACKEND_H_
