#include "tools/bench/statistics.h"

#include <algorithm>
#include <cstddef>

namespace uasio::bench {

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

Summary Summarize(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return {Median(values), *min, *max};
}

Summary SummarizeRatios(const std::vector<double>& ours,
                        const std::vector<double>& theirs) {
  std::vector<double> ratios;
  for (size_t i = 0; i < ours.size(); ++i) {
    if (theirs[i] != 0) ratios.push_back(ours[i] / theirs[i]);
  }
  return Summarize(ratios);
}

}  // namespace uasio::bench
