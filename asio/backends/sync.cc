#include "asio/backends/sync.h"

#include <sys/eventfd.h>

#include "asio/perform.h"

namespace uasio {

void SyncBackend::Start(absl::Span<Request* const> batch) {
  for (Request* request : batch) {
    Transfer transfer = MakeTransfer(*request);
    const int64_t result = Perform(&transfer);
    finished_.push_back({request, result, transfer.done});
  }
  Signal();
}

size_t SyncBackend::Collect(absl::Span<Completion> out, size_t, absl::Time) {
  size_t count = 0;
  for (; count < out.size() && !finished_.empty(); ++count) {
    out[count] = finished_.front();
    finished_.pop_front();
  }
  return count;
}

void SyncBackend::SignalOn(int event_fd) {
  event_fd_ = event_fd;
  Signal();
}

void SyncBackend::Signal() {
  if (event_fd_ >= 0 && !finished_.empty()) eventfd_write(event_fd_, 1);
}

}  // namespace uasio
