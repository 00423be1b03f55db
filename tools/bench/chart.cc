#include "tools/bench/chart.h"

#include <errno.h>
#include <stdio.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "asio/errors.h"

namespace uasio::bench {
namespace {

// Colours for the colour-blind (Okabe and Ito).  The points differ too, for
// print in grey.  Styles beyond kStyles repeat them with dashed lines.
constexpr const char* kColors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                   "#e69f00", "#56b4e9", "#000000", "#999999"};
constexpr int kPoints[] = {7, 5, 9, 13, 11, 6, 4, 8};
constexpr size_t kStyles = 8;

constexpr char kFrame[] = R"(set encoding utf8
set lmargin at screen 0.11
set rmargin at screen 0.79
set tmargin at screen 0.82
set bmargin at screen 0.12
set border 3 lc rgb "#444444"
set tics nomirror
set grid lt 1 lc rgb "#e4e4e4" lw 1
set key at screen 0.81, graph 1 left top Left reverse noenhanced samplen 2.5
)";

// "$data0", ...: engine names are not valid names of gnuplot data blocks.
std::string DataName(size_t i) { return absl::StrCat("$data", i); }

std::string Labels(const Chart& chart) {
  std::string labels = absl::StrCat(
      "set label ", GnuplotString(chart.title),
      " at screen 0.11, screen 0.96 left font \",16\" noenhanced\n");
  double y = 0.915;
  for (const std::string& text : chart.subtitles) {
    absl::StrAppendFormat(&labels,
                          "set label %s at screen 0.11, screen %g left "
                          "font \",10\" tc rgb \"#444444\" noenhanced\n",
                          GnuplotString(text), y);
    y -= 0.032;
  }
  return labels;
}

std::string PlotText(const Curve& curve, size_t i) {
  const size_t style = curve.style % kStyles;
  const std::string line =
      absl::StrFormat("lw 2 lc rgb \"%s\" dt %d title %s", kColors[style],
                      curve.style < kStyles ? 1 : 2, GnuplotString(curve.name));
  if (!curve.bars) {
    return absl::StrCat(DataName(i), " using 1:2 with steps ", line);
  }
  return absl::StrCat(DataName(i), " using 1:2:3:4 with yerrorlines pt ",
                      kPoints[style], " ps 0.8 ", line);
}

// The cairo terminal draws smooth lines, but not every gnuplot has it.
std::string Terminal(absl::string_view type) {
  if (type == "svg") {
    return "set terminal svg size 1000,640 font \"sans,13\" "
           "background rgb \"white\"\n";
  }
  return "if (strstrt(GPVAL_TERMINALS, \"pngcairo\") > 0) {\n"
         "  set terminal pngcairo size 1000,640 font \"sans,11\"\n"
         "} else {\n"
         "  set terminal png size 1000,640 background rgb \"white\"\n"
         "}\n";
}

}  // namespace

std::string GnuplotString(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(text, {{"\"", "'"}, {"\\", "/"}, {"\n", " "}}),
      "\"");
}

std::string GnuplotScript(const Chart& chart, const std::string& folder) {
  std::string script = absl::StrCat(kFrame, Labels(chart), chart.axes);
  std::vector<std::string> plots;
  for (size_t i = 0; i < chart.curves.size(); ++i) {
    const Curve& curve = chart.curves[i];
    absl::StrAppend(&script, DataName(i), " << EOD\n", curve.points, "EOD\n");
    plots.push_back(PlotText(curve, i));
  }
  for (const char* type : {"svg", "png"}) {
    absl::StrAppend(
        &script, Terminal(type), "set output ",
        GnuplotString(absl::StrCat(folder, "/", chart.name, ".", type)),
        "\nplot ", absl::StrJoin(plots, ", \\\n  "), "\nunset output\n");
  }
  return script;
}

absl::Status DrawChart(const Chart& chart, const std::string& folder) {
  if (chart.curves.empty()) return absl::OkStatus();
  const std::string path = absl::StrCat(folder, "/", chart.name, ".gnuplot");
  FILE* file = std::fopen(path.c_str(), "we");
  bool ok = file != nullptr;
  ok = ok && std::fputs(GnuplotScript(chart, folder).c_str(), file) >= 0;
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  if (!ok) return ErrnoStatus(errno, absl::StrCat("cannot write ", path));
  const std::string quoted = absl::StrReplaceAll(path, {{"'", "'\\''"}});
  if (std::system(
          absl::StrCat("LC_ALL=C.UTF-8 gnuplot '", quoted, "'").c_str()) == 0) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat("gnuplot cannot draw ", path,
                                             "; is gnuplot-nox installed?"));
}

}  // namespace uasio::bench
