#include "tools/bench/plot.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "asio/errors.h"

namespace uasio {
namespace {

struct Picture {
  std::string name;  // Of its files.
  std::string title;
  std::string axes;  // gnuplot's commands for labels and scales.
  std::string data;  // A gnuplot block for each curve: "$engine << EOD".
  std::vector<std::string> curves;  // What `plot` is to draw.
};

using Lines = std::vector<const Line*>;

Lines LinesOf(const std::vector<Line>& lines, Workload workload,
              const std::string& engine) {
  Lines found;
  for (const Line& line : lines) {
    if (line.workload == workload && line.engine == engine) {
      found.push_back(&line);
    }
  }
  return found;
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(text, {{"\"", "'"}, {"\\", "/"}}), "\"");
}

void AddCurve(Picture* picture, const std::string& engine,
              const std::string& points, absl::string_view style) {
  if (points.empty()) return;
  absl::StrAppend(&picture->data, "$", engine, " << EOD\n", points, "EOD\n");
  picture->curves.push_back(absl::StrCat("$", engine, " ", style, " title ",
                                         Quoted(engine), " noenhanced"));
}

// With a bar from the minimum to the maximum.
std::string SummaryPoints(const Lines& lines, Summary Line::*field) {
  std::string points;
  for (const Line* line : lines) {
    const Summary& s = line->*field;
    absl::StrAppendFormat(&points, "%d %g %g %g\n", line->depth, s.median,
                          s.min, s.max);
  }
  return points;
}

Picture OverDepth(const Plan& plan, const std::vector<Line>& lines,
                  Workload workload, Summary Line::*field, const char* suffix,
                  const char* label) {
  Picture picture;
  const std::string& name = WorkloadName(workload);
  picture.name = absl::StrCat(name, "_", suffix);
  picture.title = absl::StrCat(name, ": ", label, " over depth");
  picture.axes = absl::StrCat(
      "set xlabel \"requests in flight\"\nset logscale x 2\nset ylabel ",
      Quoted(label), "\nset yrange [0:*]\n");
  for (const std::string& engine : plan.engines) {
    AddCurve(&picture, engine,
             SummaryPoints(LinesOf(lines, workload, engine), field),
             "using 1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.5");
  }
  return picture;
}

Picture Latency(const Plan& plan, const std::vector<Line>& lines,
                Workload workload) {
  Picture picture;
  const std::string& name = WorkloadName(workload);
  picture.name = absl::StrCat(name, "_latency");
  picture.title = absl::StrCat(name, ": latency at depth ", plan.depths.back());
  picture.axes =
      "set xlabel \"latency, µs\"\nset logscale x 10\n"
      "set ylabel \"part of the requests, %\"\nset yrange [0:100]\n";
  for (const std::string& engine : plan.engines) {
    const Lines own = LinesOf(lines, workload, engine);
    if (own.empty() || own.back()->depth != plan.depths.back()) continue;
    std::string points;
    for (const auto& [ns, part] : own.back()->latency.Cumulative()) {
      absl::StrAppendFormat(&points, "%g %g\n", ns / 1000, part * 100);
    }
    AddCurve(&picture, engine, points, "using 1:2 with lines lw 2");
  }
  return picture;
}

std::string Script(const Picture& picture, const std::string& folder,
                   const std::string& subtitle) {
  const std::string small =
      absl::StrReplaceAll(subtitle, {{"\"", "'"}, {"\\", "/"}, {"_", "\\\\_"}});
  std::string script =
      absl::StrCat("set encoding utf8\nset title \"", picture.title,
                   "\\n{/*0.7 ", small, "}\"\n", picture.axes,
                   "set grid\nset key outside right top\n", picture.data);
  const std::string plot =
      absl::StrCat("plot ", absl::StrJoin(picture.curves, ", \\\n  "), "\n");
  for (const char* type : {"svg", "png"}) {
    absl::StrAppend(&script, "set terminal ", type,
                    " size 1000,560 background rgb \"white\"\nset output ",
                    Quoted(absl::StrCat(folder, "/", picture.name, ".", type)),
                    "\n", plot, "unset output\n");
  }
  return script;
}

absl::Status Draw(const Picture& picture, const std::string& folder,
                  const std::string& subtitle) {
  if (picture.curves.empty()) return absl::OkStatus();
  const std::string path = absl::StrCat(folder, "/", picture.name, ".gnuplot");
  FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("cannot write ", path));
  }
  std::fputs(Script(picture, folder, subtitle).c_str(), file);
  std::fclose(file);
  const std::string quoted = absl::StrReplaceAll(path, {{"'", "'\\''"}});
  if (std::system(absl::StrCat("gnuplot '", quoted, "'").c_str()) == 0) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat("gnuplot cannot draw ", path,
                                             "; is gnuplot-nox installed?"));
}

}  // namespace

absl::Status Plot(const Plan& plan, const Results& results,
                  const std::string& folder) {
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, absl::StrCat("cannot make ", folder));
  }
  const std::vector<Line> lines = Sum(results.rows, plan.engines.back());
  const std::string subtitle = Conditions(plan);
  absl::Status status;
  for (Workload workload : plan.workloads) {
    for (const Picture& picture :
         {OverDepth(plan, lines, workload, &Line::ops_per_s, "ops",
                    "operations per second"),
          OverDepth(plan, lines, workload, &Line::cpu_us_per_op, "cpu",
                    "CPU time per operation, µs"),
          Latency(plan, lines, workload)}) {
      status.Update(Draw(picture, folder, subtitle));
    }
  }
  return status;
}

}  // namespace uasio
