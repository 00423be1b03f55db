// Statistics of rounds: median, range, median ratio.

#ifndef UASIO_TOOLS_BENCH_STATISTICS_H_
#define UASIO_TOOLS_BENCH_STATISTICS_H_

#include <vector>

namespace uasio::bench {

struct Summary {
  double median = 0;
  double min = 0;
  double max = 0;

  // (max - min) / median; 0 if the median is 0.
  double spread() const { return median == 0 ? 0 : (max - min) / median; }
};

// 0 if `values` is empty.
double Median(std::vector<double> values);
Summary Summarize(const std::vector<double>& values);

// Of ours[i] / theirs[i]: a disturbance of round i affects both.  Rounds with
// theirs[i] == 0 are ignored; all 0 if no round is left.
// REQUIRES: ours.size() == theirs.size().
Summary SummarizeRatios(const std::vector<double>& ours,
                        const std::vector<double>& theirs);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_STATISTICS_H_
