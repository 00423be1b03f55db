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

// Nanoseconds on the steady clock.
int64_t QueueImpl::Now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1000000000 + t.tv_nsec;
}

std::string QueueImpl::DebugString() const {
  CheckCaller();
  const auto age = [this, now = Now()](const Slot& slot) -> std::string {
    if (!options_.measure_latency) return "";
    const absl::Duration since = absl::Nanoseconds(now - slot.submitted_at);
    return absl::StrCat(", submitted ", absl::FormatDuration(since), " ago");
  };
  std::string text = absl::StrCat(
      "queue on ", backend_name(), ": ", in_flight(), " in flight, of these ",
      writebacks_, " write-backs, ", router_.running(), " running\n");
  for (const Slot& slot : slots_) {
    const std::string state = StateWords(slot);
    if (state.empty()) continue;
    absl::StrAppend(&text, "  ", state, age(slot), ": ",
                    slot.latch.DebugString(), "\n");
  }
  return text;
}

}  // namespace uasio::internal
