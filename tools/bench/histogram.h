// A Histogram counts durations from nanoseconds to minutes.  The width of a
// bucket is at most 1/64 of the durations in it.
//
// Threads:   one; each thread has its own, and Merge() adds them up.
// Units:     nanoseconds.

#ifndef UASIO_TOOLS_BENCH_HISTOGRAM_H_
#define UASIO_TOOLS_BENCH_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace uasio::bench {

class Histogram {
 public:
  Histogram() : counts_(kBuckets) {}

  void Add(int64_t ns) {
    ++counts_[BucketOf(ns)];
    ++total_;
  }
  void Merge(const Histogram& other);

  uint64_t total() const { return total_; }

  // The duration that `fraction` of all durations do not exceed, rounded up to
  // its bucket's end; 0 if the histogram is empty.
  // REQUIRES: 0 <= fraction <= 1.
  double Percentile(double fraction) const;

  // For each non-empty bucket: its upper end, and the fraction of all durations
  // up to that end.
  std::vector<std::pair<double, double>> Cumulative() const;

 private:
  static constexpr int kSubBits = 6;  // 64 buckets for each power of two.
  static constexpr int kPowers = 34;  // Up to 2^40 ns, 18 minutes.
  static constexpr size_t kBuckets = (kPowers + 1) << kSubBits;

  static size_t BucketOf(int64_t ns);
  static double UpperEnd(size_t bucket);

  std::vector<uint64_t> counts_;
  uint64_t total_ = 0;
};

inline size_t Histogram::BucketOf(int64_t ns) {
  constexpr uint64_t kFirst = uint64_t{1} << kSubBits;
  const uint64_t value = ns < 0 ? 0 : static_cast<uint64_t>(ns);
  if (value < kFirst) return value;
  const int power = 63 - __builtin_clzll(value) - kSubBits;
  if (power >= kPowers) return kBuckets - 1;
  return (static_cast<size_t>(power) << kSubBits) + (value >> power);
}

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_HISTOGRAM_H_
