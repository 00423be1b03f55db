#include "asio/backends/sync.h"

#include "asio/internal/request_transfer.h"
#include "asio/syscalls/perform.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio {

void SyncBackend::Reserve(size_t requests_max) {
  finished_.Reserve(requests_max);
}

size_t SyncBackend::Start(absl::Span<Request* const> batch) {
  for (Request* request : batch) {
    const WriteSignalsBlocked signals_blocked(IsWrite(request->op));
    Transfer transfer = internal::MakeTransfer(*request);
    const int64_t result = Perform(&transfer);
    finished_.Add(request, result, transfer.done);
  }
  return finished_.size();
}

size_t SyncBackend::Reap(absl::Span<Completion> out, size_t, Deadline) {
  return finished_.MoveTo(out);
}

}  // namespace uasio
