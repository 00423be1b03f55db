#include "tools/bench/plot.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "asio/errors.h"
#include "tools/bench/chart.h"

namespace uasio::bench {
namespace {

// What the y axis shows.
struct Quantity {
  const char* suffix;  // Of the file's name.
  const char* name;
  const char* label;
  Summary Line::*field;
  double divisor;
};

constexpr Quantity kQuantities[] = {
    {"ops", "operations per second", "thousand operations per second",
     &Line::ops_per_s, 1000},
    {"cpu", "CPU time per operation", "CPU time per operation, µs",
     &Line::cpu_us_per_op, 1}};

// What varies along the x axis, and what is the same for a whole chart.
struct Sweep {
  const char* prefix;  // Of the file's name.
  const char* over;
  const char* label;
  size_t Line::*x;
  size_t Line::*fixed;
  std::vector<size_t> values;
  std::vector<size_t> fixed_values;
};

constexpr double kLogRatio = 20;  // From this max / min on, y is logarithmic.
constexpr double kTailFraction = 1e-4;  // Latency charts end at 99.99 %.

using Lines = std::vector<Line>;

const char* TitleOf(Workload workload) {
  switch (workload) {
    case Workload::kNop:
      return "No-ops";
    case Workload::kSeqRead:
      return "Sequential reads";
    case Workload::kSeqWrite:
      return "Sequential writes";
    case Workload::kRandRead:
      return "Random reads";
    case Workload::kRandWrite:
      return "Random writes";
    case Workload::kRandRw:
      return "Random reads and writes";
    case Workload::kCopy:
      return "Copy, block by block";
    case Workload::kSmallFiles:
      return "Small files, each read whole";
    case Workload::kScatter:
      return "Scatter to 16 places, block by block";
    case Workload::kSmallRead:
      return "Small file, opened, read and closed";
    case Workload::kSmallWrite:
      return "Small file, opened, written and closed";
    case Workload::kLines:
      return "Lines with std::endl, from open to close";
  }
  return "";
}

Lines LinesOf(const Lines& lines, Workload workload,
              const std::string& engine) {
  Lines found;
  for (const Line& line : lines) {
    if (line.workload == workload && line.engine == engine) {
      found.push_back(line);
    }
  }
  return found;
}

std::vector<size_t> Sorted(std::vector<size_t> values) {
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<Sweep> SweepsOf(const Plan& plan) {
  const std::vector<size_t> depths = Sorted(plan.depths);
  const std::vector<size_t> queues = Sorted(plan.queues);
  return {{"", "depth", "depth: operations in flight in each queue",
           &Line::depth, &Line::queues, depths, queues},
          {"queues_", "queues", "queues, each with a thread of its own",
           &Line::queues, &Line::depth, queues, depths}};
}

std::string FixedText(const Sweep& sweep, size_t fixed) {
  return sweep.fixed == &Line::queues ? QueuesText(fixed)
                                      : absl::StrCat("depth ", fixed);
}

std::string FixedSuffix(const Sweep& sweep, size_t fixed) {
  if (sweep.fixed_values.size() == 1) return "";
  return sweep.fixed == &Line::queues ? absl::StrCat("_", fixed, "queues")
                                      : absl::StrCat("_depth", fixed);
}

// "x median min max\n".  The scale may be logarithmic, so 0 is replaced by a
// value below the chart.
std::string PointText(size_t x, const Summary& s, double divisor) {
  const auto y = [&](double value) { return std::max(value / divisor, 1e-9); };
  return absl::StrFormat("%d %g %g %g\n", x, y(s.median), y(s.min), y(s.max));
}

// Tics at the measured values, with a margin on either side.
std::string XAxis(const Sweep& sweep) {
  return absl::StrFormat(
      "set xlabel %s\nset logscale x 2\nset xtics (%s)\n"
      "set xrange [%g:%g]\n",
      GnuplotString(sweep.label), absl::StrJoin(sweep.values, ", "),
      static_cast<double>(sweep.values.front()) / 1.2,
      static_cast<double>(sweep.values.back()) * 1.2);
}

std::string YAxis(const char* label, const std::vector<double>& values) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  if (values.empty() || *max / *min < kLogRatio) {
    return absl::StrCat("set ylabel ", GnuplotString(label),
                        "\nset yrange [0:*]\n");
  }
  return absl::StrFormat(
      "set ylabel %s\nset logscale y 10\nset yrange [%g:*]\n",
      GnuplotString(absl::StrCat(label, " (logarithmic)")),
      std::pow(10, std::floor(std::log10(*min))));
}

Chart SweepChart(const Plan& plan, const Lines& lines, Workload workload,
                 const Sweep& sweep, size_t fixed, const Quantity& quantity) {
  Chart chart;
  chart.name = absl::StrCat(WorkloadName(workload), "_", sweep.prefix,
                            quantity.suffix, FixedSuffix(sweep, fixed));
  chart.title = absl::StrCat(TitleOf(workload), ": ", quantity.name, " over ",
                             sweep.over, ", ", FixedText(sweep, fixed));
  chart.subtitles = Conditions(plan, workload);
  chart.subtitles.push_back(
      "points: median of the rounds; bars: from their minimum "
      "to their maximum");
  std::vector<double> medians;
  for (size_t style = 0; style < plan.engines.size(); ++style) {
    Curve curve = {plan.engines[style], style, /*bars=*/true, ""};
    Lines own = LinesOf(lines, workload, plan.engines[style]);
    std::sort(own.begin(), own.end(), [&](const Line& a, const Line& b) {
      return a.*sweep.x < b.*sweep.x;
    });
    for (const Line& line : own) {
      if (line.*sweep.fixed != fixed) continue;
      const Summary& s = line.*quantity.field;
      if (s.median == 0) continue;  // Most rounds completed no operation.
      medians.push_back(s.median / quantity.divisor);
      absl::StrAppend(&curve.points,
                      PointText(line.*sweep.x, s, quantity.divisor));
    }
    if (!curve.points.empty()) chart.curves.push_back(std::move(curve));
  }
  chart.axes = XAxis(sweep) + YAxis(quantity.label, medians);
  return chart;
}

// For each latency, the fraction of the operations that take longer.
std::string LatencyPoints(const Histogram& latency) {
  std::string points;
  for (const auto& [ns, fraction] : latency.Cumulative()) {
    if (points.empty()) absl::StrAppendFormat(&points, "%g 1\n", ns / 1000);
    absl::StrAppendFormat(&points, "%g %g\n", ns / 1000,
                          std::max(1 - fraction, kTailFraction / 10));
  }
  return points;
}

Chart LatencyChart(const Plan& plan, const Lines& lines, Workload workload) {
  Chart chart;
  const size_t depth = plan.depths.back();
  const size_t queues = plan.queues.back();
  chart.name = absl::StrCat(WorkloadName(workload), "_latency");
  chart.title = absl::StrCat(TitleOf(workload), ": latency, depth ", depth,
                             ", ", QueuesText(queues));
  chart.subtitles = Conditions(plan, workload);
  chart.subtitles.push_back(
      "operations of all rounds; the scale is logarithmic towards 100 %");
  chart.axes = absl::StrFormat(
      "set xlabel \"latency, µs\"\nset logscale x 10\nset mxtics 10\n"
      "set ylabel \"operations that take no longer\"\nset logscale y 10\n"
      "set yrange [1:%g]\nset ytics (\"0 %%%%\" 1, \"50 %%%%\" 0.5, "
      "\"90 %%%%\" 0.1, \"99 %%%%\" 0.01, \"99.9 %%%%\" 0.001, "
      "\"99.99 %%%%\" 0.0001)\n",
      kTailFraction);
  for (size_t style = 0; style < plan.engines.size(); ++style) {
    for (const Line& line : LinesOf(lines, workload, plan.engines[style])) {
      if (line.depth != depth || line.queues != queues) continue;
      std::string points = LatencyPoints(line.latency);
      if (points.empty()) continue;
      chart.curves.push_back({line.engine, style, false, std::move(points)});
    }
  }
  return chart;
}

std::vector<Chart> ChartsOf(const Plan& plan, const Lines& lines,
                            Workload workload) {
  std::vector<Chart> charts = {LatencyChart(plan, lines, workload)};
  for (const Sweep& sweep : SweepsOf(plan)) {
    if (sweep.values.size() == 1) continue;  // A single point makes no curve.
    for (size_t fixed : sweep.fixed_values) {
      for (const Quantity& quantity : kQuantities) {
        charts.push_back(
            SweepChart(plan, lines, workload, sweep, fixed, quantity));
      }
    }
  }
  return charts;
}

}  // namespace

absl::Status MakePlotFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return ErrnoStatus(error.value(), absl::StrCat("cannot create ", folder));
}

absl::Status Plot(const Plan& plan, const Results& results,
                  const std::string& folder) {
  absl::Status status = MakePlotFolder(folder);
  if (!status.ok()) return status;
  const Lines lines = SummarizeRows(results.rows, plan.engines.back());
  for (Workload workload : plan.workloads) {
    for (const Chart& chart : ChartsOf(plan, lines, workload)) {
      status.Update(DrawChart(chart, folder));
    }
  }
  return status;
}

}  // namespace uasio::bench
