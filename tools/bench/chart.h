// A Chart is curves in one frame, which gnuplot draws as SVG and as PNG.
//
// Errors:    absl::Status.

#ifndef UASIO_TOOLS_BENCH_CHART_H_
#define UASIO_TOOLS_BENCH_CHART_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace uasio {

struct Curve {
  std::string name;  // In the legend.
  size_t style = 0;  // Curves of one style look the same in all charts.
  bool bars = false;
  std::string points;  // A line each: x and y; with bars, also their ends.
};

struct Chart {
  std::string name;  // Of its files.
  std::string title;
  std::vector<std::string> subtitles;  // A line each.
  std::string axes;  // gnuplot's commands for labels and scales.
  std::vector<Curve> curves;
};

// Writes into `folder`, which exists, NAME.gnuplot, and by it NAME.svg and
// NAME.png; nothing if there are no curves.
absl::Status Draw(const Chart& chart, const std::string& folder);

// What draws it.
std::string Script(const Chart& chart, const std::string& folder);

// As a string of gnuplot's.
std::string Quoted(absl::string_view text);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_CHART_H_
