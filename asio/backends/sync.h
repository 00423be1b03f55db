// The sync backend: performs each request in the calling thread, at submit.
//
// Threads:   Backend's rules.
// Order:     of submits.
// Blocks:    Start(), as the system calls do; on a pipe perhaps for ever.
// Errors:    those of the system calls, without their SIGPIPE and SIGXFSZ.
//
// It takes every request and needs no thread.  It is the last resort, and the
// reference for tests of the other backends.

#ifndef UASIO_ASIO_BACKENDS_SYNC_H_
#define UASIO_ASIO_BACKENDS_SYNC_H_

#include "asio/backend.h"
#include "asio/backends/completion_buffer.h"

namespace uasio {

class SyncBackend final : public Backend {
 public:
  absl::string_view name() const override { return "sync"; }
  bool Takes(const Request&) const override { return true; }
  bool FinishesTransfers() const override { return true; }
  void Attach(int) override {}  // Nothing finishes later.
  void Reserve(size_t requests_max) override;
  size_t Start(absl::Span<Request* const> batch) override;
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override;
  void Cancel(Request*) override {}  // It has finished already.

 private:
  CompletionBuffer finished_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_SYNC_H_
