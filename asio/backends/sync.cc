#include "asio/backends/sync.h"

#include "asio/internal/request_transfer.h"
#include "asio/syscalls/perform.h"

namespace uasio {

size_t SyncBackend::Start(absl::Span<Request* const> batch) {
  for (Request* request : batch) {
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
