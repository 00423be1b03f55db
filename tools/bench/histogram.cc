#include "tools/bench/histogram.h"

#include <algorithm>
#include <cmath>

namespace uasio::bench {

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
}

double Histogram::UpperEnd(size_t bucket) {
  const size_t first = size_t{1} << kSubBits;
  if (bucket < first) return static_cast<double>(bucket);
  const size_t power = (bucket >> kSubBits) - 1;
  const size_t within = bucket - (power << kSubBits);
  return static_cast<double>(((within + 1) << power) - 1);
}

double Histogram::Percentile(double fraction) const {
  const double wanted = std::ceil(fraction * static_cast<double>(total_));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (counts_[i] > 0 && static_cast<double>(seen) >= wanted) {
      return UpperEnd(i);
    }
  }
  return 0;
}

std::vector<std::pair<double, double>> Histogram::Cumulative() const {
  std::vector<std::pair<double, double>> points;
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] == 0) continue;
    seen += counts_[i];
    points.emplace_back(
        UpperEnd(i), static_cast<double>(seen) / static_cast<double>(total_));
  }
  return points;
}

}  // namespace uasio::bench
