#include "tools/bench/report.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace uasio::bench {
namespace {

using Rows = std::vector<const Row*>;

bool IsSameLine(const Row& a, const Row& b) {
  return a.workload == b.workload && a.engine == b.engine &&
         a.depth == b.depth && a.queues == b.queues;
}

Rows RowsOfLine(const std::vector<Row>& rows, const Row& like) {
  Rows found;
  for (const Row& row : rows) {
    if (IsSameLine(row, like)) found.push_back(&row);
  }
  return found;
}

std::vector<double> Values(const Rows& rows, double Measurement::*field) {
  std::vector<double> values;
  for (const Row* row : rows) values.push_back(row->measurement.*field);
  return values;
}

bool HasOperations(const Row* row) { return row->measurement.ops_per_s > 0; }

// The rows with operations: without them, times per operation mean nothing.
Rows WithOperations(Rows rows) {
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [](const Row* r) { return !HasOperations(r); }),
             rows.end());
  return rows;
}

Line Evaluate(const Rows& rows) {
  const Rows busy = WithOperations(rows);
  Line line;
  line.workload = rows[0]->workload;
  line.engine = rows[0]->engine;
  line.depth = rows[0]->depth;
  line.threads = rows[0]->threads;
  line.queues = rows[0]->queues;
  line.rounds = rows.size();
  line.ops_per_s = Summarize(Values(rows, &Measurement::ops_per_s));
  line.process_threads =
      Summarize(Values(rows, &Measurement::process_threads)).max;
  line.cpu_us_per_op = Summarize(Values(busy, &Measurement::cpu_us_per_op));
  line.mib_per_s = Median(Values(rows, &Measurement::mib_per_s));
  line.p50_us = Median(Values(busy, &Measurement::p50_us));
  line.p99_us = Median(Values(busy, &Measurement::p99_us));
  line.p999_us = Median(Values(busy, &Measurement::p999_us));
  for (const Row* row : rows) line.latency.Merge(row->measurement.latency);
  return line;
}

using Pairs = std::pair<Rows, Rows>;  // Of two engines, round by round.

// Only the rounds that both engines have run.
Pairs PairsOf(Rows own, Rows base) {
  const size_t rounds = std::min(base.size(), own.size());
  own.resize(rounds);
  base.resize(rounds);
  return {own, base};
}

// The rounds in which both engines completed operations.
Pairs WithOperations(const Pairs& pairs) {
  const auto& [own, base] = pairs;
  Pairs busy;
  for (size_t i = 0; i < own.size(); ++i) {
    if (!HasOperations(own[i]) || !HasOperations(base[i])) continue;
    busy.first.push_back(own[i]);
    busy.second.push_back(base[i]);
  }
  return busy;
}

Summary Ratios(const Pairs& pairs, double Measurement::*field) {
  return SummarizeRatios(Values(pairs.first, field),
                         Values(pairs.second, field));
}

std::string RatioText(double ratio) {
  return ratio == 0 ? "-" : absl::StrFormat("%.3f", ratio);
}

std::string RangeText(const Summary& ratio) {
  if (ratio.median == 0) return "-";
  return absl::StrFormat("%.3f-%.3f", ratio.min, ratio.max);
}

std::string ThreadsText(const Line& line) {
  if (line.process_threads == 0) return "-";
  return absl::StrFormat("%.0f", line.process_threads);
}

std::string LineText(const Line& line) {
  return absl::StrFormat(
      "%-22s %9.0f %9.0f %9.0f %8.1f %7s %13s %8.3f %7s %8.1f %8.1f %8.1f "
      "%7s%s\n",
      line.engine, line.ops_per_s.median, line.ops_per_s.min,
      line.ops_per_s.max, line.mib_per_s, RatioText(line.ratio.median),
      RangeText(line.ratio), line.cpu_us_per_op.median,
      RatioText(line.cpu_ratio), line.p50_us, line.p99_us, line.p999_us,
      ThreadsText(line),
      line.ops_per_s.spread() > kSpreadMax
          ? absl::StrFormat("  disturbed: spread %.0f%%",
                            line.ops_per_s.spread() * 100)
          : "");
}

std::string Heading(const Line& line, absl::string_view baseline) {
  std::string text = absl::StrFormat(
      "\n%s, depth %d, %s, %d threads, %d rounds; ratios to %s, round by "
      "round\n",
      WorkloadName(line.workload), line.depth, QueuesText(line.queues),
      line.threads, line.rounds, std::string(baseline));
  absl::StrAppendFormat(&text,
                        "%-22s %9s %9s %9s %8s %7s %13s %8s %7s %8s %8s %8s "
                        "%7s\n",
                        "engine", "ops/s", "min", "max", "MiB/s", "ratio",
                        "min-max", "CPU us", "ratio", "p50 us", "p99 us",
                        "p99.9 us", "threads");
  return text;
}

// "" for no-ops, which have neither blocks nor a file.
std::string WorkText(const Plan& plan, Workload workload) {
  const double block_kib = static_cast<double>(plan.job.block_bytes) / 1024;
  const char* const cache = plan.job.cold ? "cold" : "warm";
  const char* const access = plan.job.direct ? "O_DIRECT" : "buffered";
  if (workload == Workload::kNop) return "";
  if (workload == Workload::kSmallFiles) {
    return absl::StrFormat("%d files of %g KiB in %s, %s cache", plan.files,
                           block_kib, plan.file, cache);
  }
  if (IsSmallStream(workload)) {
    return absl::StrFormat("%s of a file of %d bytes in %s, %s, %s cache",
                           WorkloadName(workload), plan.job.block_bytes,
                           plan.file, access, cache);
  }
  return absl::StrFormat(
      "%g KiB blocks, %s, %s cache, file of %g MiB in %s", block_kib, access,
      cache, static_cast<double>(plan.job.file_bytes) / (1 << 20), plan.file);
}

std::string ThreadsText(const Plan& plan) {
  if (plan.threads != 0) return absl::StrCat(plan.threads, " threads");
  return absl::StrCat("threads as the depth, at most ", kThreadsMax);
}

bool IsTimed(Workload workload) { return workload != Workload::kSmallFiles; }

// `is_timed`: rounds have a duration; otherwise they end when all is read.
std::string RoundsText(const Plan& plan, bool is_timed) {
  utsname system;
  uname(&system);
  std::string text = absl::StrCat(plan.rounds, " rounds");
  if (is_timed) {
    absl::StrAppend(&text, " of ", absl::ToDoubleSeconds(plan.job.duration),
                    " s");
  }
  absl::StrAppend(&text, ", ", sysconf(_SC_NPROCESSORS_ONLN),
                  " processors, Linux ", system.release);
  if (plan.beside != 0) {
    absl::StrAppend(
        &text, ", beside ", plan.beside,
        plan.beside == 1 ? " thread that computes" : " threads that compute");
  }
  return text;
}

}  // namespace

std::vector<Line> SummarizeRows(const std::vector<Row>& rows,
                                absl::string_view baseline) {
  std::vector<Line> lines;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool is_first =
        std::none_of(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(i),
                     [&](const Row& row) { return IsSameLine(row, rows[i]); });
    if (!is_first) continue;
    const Rows own = RowsOfLine(rows, rows[i]);
    Row like = rows[i];
    like.engine = std::string(baseline);
    const Pairs pairs = PairsOf(own, RowsOfLine(rows, like));
    Line line = Evaluate(own);
    line.ratio = Ratios(pairs, &Measurement::ops_per_s);
    line.cpu_ratio =
        Ratios(WithOperations(pairs), &Measurement::cpu_us_per_op).median;
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string Table(const Results& results, absl::string_view baseline) {
  std::string text;
  const Line* last = nullptr;
  const std::vector<Line> lines = SummarizeRows(results.rows, baseline);
  for (const Line& line : lines) {
    if (last == nullptr || last->workload != line.workload ||
        last->depth != line.depth || last->queues != line.queues) {
      absl::StrAppend(&text, Heading(line, baseline));
    }
    absl::StrAppend(&text, LineText(line));
    last = &line;
  }
  if (!text.empty() && !results.notes.empty()) absl::StrAppend(&text, "\n");
  for (const std::string& note : results.notes) {
    absl::StrAppend(&text, note, "\n");
  }
  return text;
}

std::string Csv(const std::vector<Row>& rows, bool with_queues) {
  std::string text =
      "workload,engine,block_bytes,depth,threads,round,ops_per_s,mib_per_s,"
      "cpu_us_per_op,p50_us,p99_us,p999_us,process_threads";
  absl::StrAppend(&text, with_queues ? ",queues\n" : "\n");
  for (const Row& row : rows) {
    const Measurement& m = row.measurement;
    absl::StrAppendFormat(
        &text, "%s,%s,%d,%d,%d,%d,%.1f,%.3f,%.4f,%.3f,%.3f,%.3f,%.0f",
        WorkloadName(row.workload), row.engine, row.block_bytes, row.depth,
        row.threads, row.round, m.ops_per_s, m.mib_per_s, m.cpu_us_per_op,
        m.p50_us, m.p99_us, m.p999_us, m.process_threads);
    if (with_queues) absl::StrAppend(&text, ",", row.queues);
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::string Conditions(const Plan& plan) {
  std::vector<std::string> parts;
  for (Workload workload : plan.workloads) {
    std::string text = WorkText(plan, workload);
    if (text.empty() || std::count(parts.begin(), parts.end(), text) != 0)
      continue;
    parts.push_back(std::move(text));
  }
  const auto& workloads = plan.workloads;
  parts.push_back(RoundsText(
      plan, std::any_of(workloads.begin(), workloads.end(), IsTimed)));
  parts.push_back(absl::StrCat("queues: ", absl::StrJoin(plan.queues, ", ")));
  return absl::StrJoin(parts, "; ");
}

std::vector<std::string> Conditions(const Plan& plan, Workload workload) {
  std::vector<std::string> lines;
  const std::string work = WorkText(plan, workload);
  if (!work.empty()) lines.push_back(work);
  lines.push_back(absl::StrCat(ThreadsText(plan), ", ",
                               RoundsText(plan, IsTimed(workload))));
  return lines;
}

}  // namespace uasio::bench
