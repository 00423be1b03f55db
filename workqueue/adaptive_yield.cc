#include "workqueue/adaptive_yield.h"

#include <algorithm>
#include <cstdint>

namespace uasio {

bool AdaptiveYield::ShouldYield(Clock::time_point now, Deadline deadline) {
  if (skips_left_ > 0) {
    --skips_left_;
    return false;
  }
  return now >= paused_until_ && deadline >= now + kTimeMax;
}

void AdaptiveYield::Learn(const Stay& stay, bool found, size_t threads) {
  const bool succeeded =
      found && stay.turns <= kSuccessTurnsMax && stay.time < kTimeMax;
  skips_ = succeeded ? 0 : std::min(2 * skips_ + 1, kSkipsMax);
  skips_left_ = skips_;
  if (stay.time < kSliceMin) return;
  const auto slice = std::min<Clock::duration>(stay.time, kSliceMax);
  paused_until_ = std::max(paused_until_, stay.begin + stay.time) +
                  slice * kPausePerSlice / static_cast<int64_t>(threads);
}

}  // namespace uasio
