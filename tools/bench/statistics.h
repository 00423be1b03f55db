// What rounds are summed up by.

#ifndef UASIO_TOOLS_BENCH_STATISTICS_H_
#define UASIO_TOOLS_BENCH_STATISTICS_H_

#include <vector>

namespace uasio {

struct Summary {
  double median = 0;
  double min = 0;
  double max = 0;

  // (max - min) / median; 0 if that is 0.
  double spread() const { return median == 0 ? 0 : (max - min) / median; }
};

// The middle one; of an even number, the mean of the two in the middle; 0 of
// none.
double Median(std::vector<double> values);
Summary Summarize(const std::vector<double>& values);

// ours[i] / theirs[i] for each round, and the median of these: what disturbed
// a round disturbed both.  Rounds in which there is nothing to divide by are
// left out; 0 where there are no others.
// REQUIRES: both are of one size.
double MedianRatio(const std::vector<double>& ours,
                   const std::vector<double>& theirs);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_STATISTICS_H_
