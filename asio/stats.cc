#include "asio/stats.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

namespace uasio {
namespace {

// "3 held"; nothing if the count is 0.
void Append(uint64_t count, const char* what, std::vector<std::string>* parts) {
  if (count > 0) parts->push_back(absl::StrCat(count, " ", what));
}

std::string OpWords(Op op, const OpStats& stats) {
  std::vector<std::string> parts;
  parts.push_back(absl::StrCat(stats.completed, " completed"));
  Append(stats.bytes, "bytes", &parts);
  Append(stats.failed, "failed", &parts);
  return absl::StrCat(OpName(op), ": ", absl::StrJoin(parts, ", "));
}

std::string LatencyWords(const LatencyHistogram& latency) {
  return absl::StrCat(
      "latency: 50 % below ", absl::FormatDuration(latency.Percentile(0.5)),
      ", 99 % below ", absl::FormatDuration(latency.Percentile(0.99)),
      ", all below ", absl::FormatDuration(latency.Percentile(1)));
}

}  // namespace

void LatencyHistogram::Add(int64_t nanoseconds) noexcept {
  const uint64_t n = static_cast<uint64_t>(std::max<int64_t>(nanoseconds, 1));
  ++count[63 - static_cast<size_t>(__builtin_clzll(n))];
}

uint64_t LatencyHistogram::total() const noexcept {
  uint64_t total = 0;
  for (uint64_t c : count) total += c;
  return total;
}

absl::Duration LatencyHistogram::Percentile(double share) const noexcept {
  const double wanted = share * static_cast<double>(total());
  uint64_t below = 0;
  for (size_t i = 0; i < count.size(); ++i) {
    below += count[i];
    if (below > 0 && static_cast<double>(below) >= wanted) {
      return absl::Nanoseconds(int64_t{1} << std::min<size_t>(i + 1, 62));
    }
  }
  return absl::ZeroDuration();
}

std::string QueueStats::ToString() const {
  std::vector<std::string> lines;
  for (size_t i = 0; i < ops.size(); ++i) {
    if (ops[i].completed == 0) continue;
    lines.push_back(OpWords(static_cast<Op>(i), ops[i]));
  }
  std::vector<std::string> parts;
  Append(submitted, "submitted", &parts);
  Append(cancelled, "cancelled", &parts);
  Append(held, "held by their order", &parts);
  Append(depth_reached, "times at depth_max", &parts);
  Append(waits, "waits", &parts);
  Append(backend, "started by the backend", &parts);
  Append(workers, "started by workers", &parts);
  Append(cached, "of these cached", &parts);
  Append(owner, "performed by the caller", &parts);
  Append(resubmitted, "resubmitted", &parts);
  Append(refused, "refused by the backend", &parts);
  Append(would_block, "would have blocked the submitter", &parts);
  Append(not_supported, "not supported by the backend there", &parts);
  Append(unfinished, "finished by workers", &parts);
  if (!parts.empty()) lines.push_back(absl::StrJoin(parts, ", "));
  if (latency.total() > 0) lines.push_back(LatencyWords(latency));
  return absl::StrJoin(lines, "\n");
}

}  // namespace uasio
