#include "tools/bench/options.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "asio/buffer.h"
#include "tools/bench/limits.h"
#include "tools/bench/presets.h"
#include "tools/common/command_line.h"
#include "workqueue/check.h"

ABSL_FLAG(std::string, workload, "randread",
          absl::StrCat("one or more workloads of ",
                       absl::StrJoin(uasio::bench::WorkloadNames(), ",")));
ABSL_FLAG(std::string, engines, "worker,kaio,uring,pread_threads,io_submit",
          absl::StrCat("the engines to compare, of ",
                       absl::StrJoin(uasio::bench::EngineNames(), ",")));
ABSL_FLAG(std::string, baseline, "",
          "the engine that ratios are relative to; \"\": the last one");
ABSL_FLAG(uasio::Bytes, block, uasio::Bytes{4096}, "the size of a block");
ABSL_FLAG(std::string, depth, "32",
          "blocks in flight, for each queue; a list compares each number");
ABSL_FLAG(bool, direct, false, "use O_DIRECT; the default");
ABSL_FLAG(bool, buffered, false, "through the page cache");
ABSL_FLAG(std::string, cache, "cold",
          "the page cache of the file before each run: cold or, with "
          "--buffered, warm");
ABSL_FLAG(std::string, file, "/tmp",
          "the folder for the scratch file, or the name of a new one");
ABSL_FLAG(uasio::Bytes, size, uasio::Bytes{1 << 30},
          "the size of the scratch file");
ABSL_FLAG(uint32_t, files, 100000,
          "the number of small files, each of --block bytes; a round reads "
          "each once");
ABSL_FLAG(double, seconds, 1, "how long each engine is measured in a round");
ABSL_FLAG(uint32_t, rounds, 7, "how many rounds each engine has");
ABSL_FLAG(uint32_t, threads, 0,
          "threads of the pool, or of an engine that calls pread in threads; "
          "0: as many as the depth, at most 256");
ABSL_FLAG(
    std::string, queues, "1",
    "submitting threads, each with a queue of that depth; a list compares "
    "each number");
ABSL_FLAG(uint32_t, beside, 0,
          "threads that compute while the engines run, each in a process of "
          "its own");
ABSL_FLAG(std::string, order, "range",
          "the order that our own queues keep: range or none");
ABSL_FLAG(std::string, csv, "", "where to write one row per engine and round");
ABSL_FLAG(std::string, plot, "", "a folder for charts drawn by gnuplot");
ABSL_FLAG(double, max_minutes, 60,
          "ends the comparison early and prints the results so far");
ABSL_FLAG(std::string, preset, "",
          absl::StrCat("sets several flags, which those on the command line "
                       "override; one of ",
                       uasio::bench::PresetNames()));

namespace uasio::bench {
namespace {

constexpr char kUsage[] = R"(usage: asio_bench [FLAGS]

Compares our backends with other I/O interfaces on a scratch file of its own,
in interleaved rounds, and prints a table.
)";

constexpr uint32_t kDepthMax = 32768;
constexpr uint32_t kQueuesMax = 1024;
constexpr uint32_t kFilesMax = 10000000;
constexpr uint32_t kRoundsMax = 1000;
constexpr uint32_t kThreadsFlagMax = 4096;
constexpr uint32_t kBesideMax = 1024;
constexpr double kSecondsMax = 3600;
constexpr uint64_t kBlockMax = 64 << 20;
constexpr uint64_t kSizeMax = uint64_t{1} << 40;
constexpr double kRampShare = 0.1;  // Of --seconds.

absl::Status InvalidFlag(absl::string_view message) {
  return absl::InvalidArgumentError(message);
}

absl::Status CheckRange(absl::string_view flag, double value, double min,
                        double max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return InvalidFlag(
      absl::StrCat("--", flag, " must be from ", min, " to ", max));
}

std::vector<std::string> List(const std::string& text) {
  return absl::StrSplit(text, ',', absl::SkipWhitespace());
}

absl::Status ParseCounts(absl::string_view flag, const std::string& text,
                         uint32_t max, std::vector<size_t>* counts) {
  counts->clear();
  for (const std::string& part : List(text)) {
    uint32_t count;
    if (!absl::SimpleAtoi(part, &count) || count == 0 || count > max) {
      return InvalidFlag(absl::StrCat("--", flag, " must be from 1 to ", max));
    }
    if (std::count(counts->begin(), counts->end(), count) != 0) {
      return InvalidFlag(
          absl::StrCat("--", flag, " contains ", count, " twice"));
    }
    counts->push_back(count);
  }
  if (!counts->empty()) return absl::OkStatus();
  return InvalidFlag(absl::StrCat("--", flag, " is empty"));
}

absl::Status ParseLists(Plan* plan) {
  for (const std::string& name : List(absl::GetFlag(FLAGS_workload))) {
    Workload workload;
    if (!ParseWorkload(name, &workload)) {
      return InvalidFlag(absl::StrCat("unknown workload ", name));
    }
    plan->workloads.push_back(workload);
  }
  const std::vector<std::string> known = EngineNames();
  plan->engines = List(absl::GetFlag(FLAGS_engines));
  for (const std::string& name : plan->engines) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return InvalidFlag(absl::StrCat("unknown engine ", name));
    }
  }
  if (plan->workloads.empty()) return InvalidFlag("--workload is empty");
  if (plan->engines.empty()) return InvalidFlag("--engines is empty");
  absl::Status status = ParseCounts("depth", absl::GetFlag(FLAGS_depth),
                                    kDepthMax, &plan->depths);
  status.Update(ParseCounts("queues", absl::GetFlag(FLAGS_queues), kQueuesMax,
                            &plan->queues));
  return status;
}

absl::Status ParseModes(Job* job) {
  if (absl::GetFlag(FLAGS_direct) && absl::GetFlag(FLAGS_buffered)) {
    return InvalidFlag("--direct and --buffered exclude each other");
  }
  job->direct = !absl::GetFlag(FLAGS_buffered);
  const std::string cache = absl::GetFlag(FLAGS_cache);
  if (cache != "cold" && cache != "warm") {
    return InvalidFlag("--cache must be cold or warm");
  }
  job->cold = cache == "cold";
  if (job->direct && !job->cold) {
    return InvalidFlag("--cache=warm needs --buffered");
  }
  const std::string order = absl::GetFlag(FLAGS_order);
  if (order != "range" && order != "none") {
    return InvalidFlag("--order must be range or none");
  }
  job->order = order == "none" ? Order::kNone : Order::kRange;
  return absl::OkStatus();
}

// Whether a direct operation has the length --block.
bool NeedsWholeSectors(Workload workload) { return !IsSmallStream(workload); }

absl::Status ParseSizes(Plan* plan) {
  const auto& workloads = plan->workloads;
  Job* const job = &plan->job;
  const uint64_t block = absl::GetFlag(FLAGS_block).count;
  const uint64_t size = absl::GetFlag(FLAGS_size).count;
  if (block == 0 || block > kBlockMax) {
    return InvalidFlag("--block must be from 1 to 64m");
  }
  if (job->direct && block % 512 != 0 &&
      std::any_of(workloads.begin(), workloads.end(), NeedsWholeSectors)) {
    return InvalidFlag("--block must be a multiple of 512 without --buffered");
  }
  if (size < block || size > kSizeMax) {
    return InvalidFlag("--size must be from --block to 1024g");
  }
  if (size != block &&
      std::any_of(workloads.begin(), workloads.end(), IsSmallStream)) {
    return InvalidFlag(
        "--size must be --block for smallread, smallwrite and lines, which "
        "read or write a whole file at a time");
  }
  job->block_bytes = block;
  job->file_bytes = size - size % block;
  return absl::OkStatus();
}

// Checks the largest combination of depth and queues.
absl::Status CheckMemory(const Plan& plan) {
  const size_t depth =
      *std::max_element(plan.depths.begin(), plan.depths.end());
  const size_t queues =
      *std::max_element(plan.queues.begin(), plan.queues.end());
  const uint64_t block = RoundUp(plan.job.block_bytes, kBufferAlignment);
  if (depth * queues <= kBufferBytesMax / block) return absl::OkStatus();
  return InvalidFlag(absl::StrCat(queues, " queues of depth ", depth,
                                  " with blocks of ", plan.job.block_bytes,
                                  " need more than 4g of buffers"));
}

absl::Status ParseNumbers(Plan* plan) {
  plan->rounds = absl::GetFlag(FLAGS_rounds);
  plan->threads = absl::GetFlag(FLAGS_threads);
  plan->files = absl::GetFlag(FLAGS_files);
  plan->beside = absl::GetFlag(FLAGS_beside);
  const double seconds = absl::GetFlag(FLAGS_seconds);
  const double minutes = absl::GetFlag(FLAGS_max_minutes);
  plan->job.duration = absl::Seconds(seconds);
  plan->job.ramp = absl::Seconds(seconds * kRampShare);
  plan->time_max = absl::Minutes(minutes);
  absl::Status status = CheckRange("seconds", seconds, 0.001, kSecondsMax);
  status.Update(CheckRange("max_minutes", minutes, 0.001, 1e6));
  status.Update(CheckRange("rounds", plan->rounds, 1, kRoundsMax));
  status.Update(CheckRange("files", plan->files, 1, kFilesMax));
  status.Update(CheckRange("threads", plan->threads, 0, kThreadsFlagMax));
  status.Update(CheckRange("beside", plan->beside, 0, kBesideMax));
  status.Update(CheckMemory(*plan));
  return status;
}

std::string Usage() {
  std::string usage = kUsage;
  for (const Preset& preset : Presets()) {
    absl::StrAppend(&usage, "\n  --preset=", preset.name, ": ", preset.what,
                    "\n");
    for (const auto& [name, value] : preset.settings) {
      absl::StrAppend(&usage, "      --", name, "=", value, "\n");
    }
  }
  return usage;
}

void ParseFlags(int argc, char** argv) {
  if (!ParseCommandLine(argc, argv, Usage()).empty()) {
    ExitWithUsage("takes only flags");
  }
}

}  // namespace

bool SetPresetFlags(absl::string_view name) {
  for (const Preset& preset : Presets()) {
    if (name != preset.name) continue;
    for (const auto& [flag, value] : preset.settings) {
      std::string error;
      UASIO_CHECK(absl::FindCommandLineFlag(flag)->ParseFrom(value, &error),
                  "a preset sets existing flags to valid values");
    }
    return true;
  }
  return false;
}

absl::StatusOr<Options> OptionsFromFlags() {
  Options options;
  Plan* plan = &options.plan;
  absl::Status status = ParseLists(plan);
  if (status.ok()) status = ParseModes(&plan->job);
  if (status.ok()) status = ParseSizes(plan);
  if (status.ok()) status = ParseNumbers(plan);
  if (!status.ok()) return status;
  plan->file = absl::GetFlag(FLAGS_file);
  options.csv_path = absl::GetFlag(FLAGS_csv);
  options.plot_folder = absl::GetFlag(FLAGS_plot);
  options.baseline = absl::GetFlag(FLAGS_baseline);
  const auto& engines = plan->engines;
  if (options.baseline.empty()) options.baseline = engines.back();
  if (std::find(engines.begin(), engines.end(), options.baseline) ==
      engines.end()) {
    return InvalidFlag("--baseline must be one of --engines");
  }
  return options;
}

Options ParseOptions(int argc, char** argv) {
  ParseFlags(argc, argv);
  const std::string preset = absl::GetFlag(FLAGS_preset);
  if (!preset.empty()) {
    if (!SetPresetFlags(preset)) ExitWithUsage("unknown preset " + preset);
    ParseFlags(argc, argv);  // Again: the user's flags override the preset's.
  }
  absl::StatusOr<Options> options = OptionsFromFlags();
  if (!options.ok()) ExitWithUsage(options.status().message());
  return *std::move(options);
}

}  // namespace uasio::bench
