// A OneCallBackend is a sync backend whose results are not final: the queue
// takes each for that of one system call.  So a FaultBackend on it may add the
// faults that the queue recovers from.
//
// Threads:   Backend's rules.

#ifndef UASIO_ASIO_TESTING_ONE_CALL_BACKEND_H_
#define UASIO_ASIO_TESTING_ONE_CALL_BACKEND_H_

#include <cstddef>

#include "asio/backend.h"
#include "asio/backends/sync.h"

namespace uasio {

class OneCallBackend final : public Backend {
 public:
  absl::string_view name() const override { return sync_.name(); }
  bool Takes(const Request& r) const override { return sync_.Takes(r); }
  void Attach(int event_fd) override { sync_.Attach(event_fd); }
  void Reserve(size_t requests_max) override { sync_.Reserve(requests_max); }
  size_t Start(absl::Span<Request* const> batch) override {
    return sync_.Start(batch);
  }
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override {
    return sync_.Reap(out, min, deadline);
  }
  void Cancel(Request* r) override { sync_.Cancel(r); }

 private:
  SyncBackend sync_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_ONE_CALL_BACKEND_H_
