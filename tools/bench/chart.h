// A Chart is a set of curves that gnuplot draws as one SVG and one PNG file.
//
// Blocks:    DrawChart() until gnuplot has finished.
// Errors:    absl::Status.

#ifndef UASIO_TOOLS_BENCH_CHART_H_
#define UASIO_TOOLS_BENCH_CHART_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace uasio::bench {

struct Curve {
  std::string name;  // In the legend.
  size_t style = 0;  // Curves of one style look the same in all charts.
  bool bars = false;
  std::string points;  // "x y\n" each; with bars, "x y min max\n".
};

struct Chart {
  std::string name;  // Of its files, without the extension.
  std::string title;
  std::vector<std::string> subtitles;  // One per line.
  std::string axes;  // gnuplot commands for labels and scales.
  std::vector<Curve> curves;
};

// Writes NAME.gnuplot into `folder` and runs it, which writes NAME.svg and
// NAME.png.  Writes nothing if there are no curves.
// REQUIRES: `folder` exists.
absl::Status DrawChart(const Chart& chart, const std::string& folder);

// The contents of NAME.gnuplot.
std::string GnuplotScript(const Chart& chart, const std::string& folder);

// `text` as a string literal of gnuplot, with unsafe characters replaced.
std::string GnuplotString(absl::string_view text);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_CHART_H_
