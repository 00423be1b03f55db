// What QueueImpl tells people.

#include <time.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "asio/internal/queue_impl.h"

namespace uasio::internal {
namespace {

std::string StateWords(const Slot& slot) {
  switch (slot.state) {
    case RequestState::kHeld:
      return "held by others on its fd";
    case RequestState::kBacklog:
      return "held by depth_max";
    case RequestState::kRunning:
      return absl::StrCat("running on ", slot.backend->name());
    case RequestState::kInline:
      return "running in the caller";
    case RequestState::kDone:
      return slot.result < 0 ? "failed, not collected"
                             : "completed, not collected";
    case RequestState::kIdle:
    case RequestState::kOwned:
      break;
  }
  return "";
}

}  // namespace

// Nanoseconds on the steady clock: exactly, or, which costs less, as of the
// kernel's last tick.
int64_t QueueImpl::Now() const {
  timespec t;
  clock_gettime(
      options_.measure_latency ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_COARSE, &t);
  return int64_t{t.tv_sec} * 1000000000 + t.tv_nsec;
}

std::string QueueImpl::DebugString() const {
  CheckCaller();
  const int64_t now = Now();
  std::string text = absl::StrCat(
      "queue on ", backend_name(), ": ", in_flight(), " in flight, of these ",
      writebacks_, " write-backs, ", router_.running(), " running\n");
  for (const Slot& slot : slots_) {
    const std::string state = StateWords(slot);
    if (state.empty()) continue;
    absl::StrAppend(
        &text, "  ", state, ", submitted ",
        absl::FormatDuration(absl::Nanoseconds(now - slot.submitted_at)),
        " ago: ", slot.latch.DebugString(), "\n");
  }
  return text;
}

}  // namespace uasio::internal
