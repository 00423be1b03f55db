#include "tools/bench/fio.h"

#include <stdio.h>
#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace uasio::bench {
namespace {

// Indexes of the fields of terse format 3; see fio's HOWTO.
constexpr size_t kErrorField = 4;
constexpr size_t kReadFields = 5;
constexpr size_t kWriteFields = 46;
constexpr size_t kUserCpuField = 87;  // Per cent of one job's run time.
constexpr size_t kSystemCpuField = 88;
constexpr size_t kFields = 89;

// Offsets from kReadFields or kWriteFields.
constexpr size_t kIops = 2;
constexpr size_t kPercentiles = 12;  // Fields like "99.000000%=123".
constexpr size_t kPercentileCount = 20;

constexpr absl::Duration kTrial = absl::Milliseconds(1);

using Fields = std::vector<std::string>;

double Number(absl::string_view text) {
  double number = 0;
  return absl::SimpleAtod(absl::StripSuffix(text, "%"), &number) ? number : 0;
}

// The longer one of reads and writes.
double PercentileUs(const Fields& fields, absl::string_view percentile) {
  double longest = 0;
  for (size_t first : {kReadFields, kWriteFields}) {
    for (size_t i = 0; i < kPercentileCount; ++i) {
      absl::string_view field = fields[first + kPercentiles + i];
      if (!absl::ConsumePrefix(&field, percentile)) continue;
      longest = std::max(longest, Number(field));
    }
  }
  return longest;
}

const char* RwOf(Workload workload) {
  switch (workload) {
    case Workload::kSeqRead:
      return "read";
    case Workload::kSeqWrite:
      return "write";
    case Workload::kRandRead:
      return "randread";
    case Workload::kRandWrite:
      return "randwrite";
    case Workload::kRandRw:
      return "randrw";
    default:
      return nullptr;
  }
}

// All output of the shell command; "" if it cannot be run.
std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char part[4096];
  while (size_t size = fread(part, 1, sizeof(part), pipe)) {
    output.append(part, size);
  }
  pclose(pipe);
  return output;
}

// Of all programs that have ended so far.
double CpuSecondsOfPrograms() {
  rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return absl::ToDoubleSeconds(absl::DurationFromTimeval(usage.ru_utime) +
                               absl::DurationFromTimeval(usage.ru_stime));
}

bool IsInstalled() {
  static const bool installed =
      absl::StartsWith(OutputOf("fio --version 2>/dev/null"), "fio-");
  return installed;
}

class FioEngine final : public Engine {
 public:
  explicit FioEngine(const FioOptions& options) : options_(options) {}

  absl::Status Supports(const Job& job) const override {
    if (RwOf(job.workload) == nullptr) {
      return absl::UnimplementedError("fio has no such workload");
    }
    const bool sequential = job.workload == Workload::kSeqRead ||
                            job.workload == Workload::kSeqWrite;
    if (sequential && FioJobs(options_, job) > 1) {
      return absl::UnimplementedError(
          "fio's jobs would all process the same blocks");
    }
    if (!IsInstalled()) return absl::NotFoundError("fio is not installed");
    return RunTrial(job).status();
  }

  absl::StatusOr<Measurement> Measure(const Job& job) override {
    absl::StatusOr<Measurement> m =
        options_.emulated_libaio ? RunOnThreads(job) : Run(job);
    if (m.ok()) m->mib_per_s = MibPerSecond(job, m->ops_per_s);
    return m;
  }

 private:
  absl::StatusOr<Measurement> RunTrial(Job job) const {
    job.ramp = absl::ZeroDuration();
    job.duration = kTrial;
    return Run(job);
  }

  // fio reports the CPU time of its own threads only.  The pool's is that of
  // all threads, less that of a trial, which is the time of fio's start.
  absl::StatusOr<Measurement> RunOnThreads(const Job& job) const {
    const double before_s = CpuSecondsOfPrograms();
    const absl::Status status = RunTrial(job).status();
    if (!status.ok()) return status;
    const double started_s = CpuSecondsOfPrograms();
    absl::StatusOr<Measurement> m = Run(job);
    const double used_s = CpuSecondsOfPrograms() - started_s;
    if (!m.ok() || m->ops_per_s == 0) return m;
    const double seconds = absl::ToDoubleSeconds(job.ramp + job.duration);
    m->cpu_us_per_op = std::max(0.0, used_s - (started_s - before_s)) * 1e6 /
                       (m->ops_per_s * seconds);
    return m;
  }

  absl::StatusOr<Measurement> Run(const Job& job) const {
    return ParseFioReport(OutputOf(FioCommand(options_, job)),
                          FioJobs(options_, job));
  }

  const FioOptions options_;
};

}  // namespace

std::unique_ptr<Engine> NewFioEngine(const FioOptions& options) {
  return std::make_unique<FioEngine>(options);
}

size_t FioJobs(const FioOptions& options, const Job& job) {
  return job.queues * (options.ioengine == "psync" ? job.threads : 1);
}

std::string FioCommand(const FioOptions& options, const Job& job) {
  std::string command = absl::StrCat(
      options.emulated_libaio
          ? absl::StrCat("uasio-aio --threads=", job.threads, " ")
          : "",
      "fio --name=bench --filename=", job.path, " --allow_file_create=0",
      " --rw=", RwOf(job.workload), " --bs=", job.block_bytes,
      " --size=", job.file_bytes, " --direct=", job.direct ? 1 : 0,
      " --invalidate=", job.cold ? 1 : 0, " --fallocate=none --norandommap");
  absl::StrAppend(&command, " --time_based",
                  " --ramp_time=", absl::ToInt64Milliseconds(job.ramp), "ms",
                  " --runtime=", absl::ToInt64Milliseconds(job.duration), "ms",
                  " --randseed=", job.seed, " --ioengine=", options.ioengine,
                  " --numjobs=", FioJobs(options, job),
                  " --thread --group_reporting",
                  " --output-format=terse --terse-version=3");
  if (options.ioengine != "psync") {
    absl::StrAppend(&command, " --iodepth=", job.depth,
                    " --iodepth_batch_submit=", job.depth,
                    " --iodepth_batch_complete_min=1",
                    " --iodepth_batch_complete_max=", job.depth);
  }
  if (options.fixed_buffers) absl::StrAppend(&command, " --fixedbufs=1");
  return absl::StrCat(command, " 2>&1 </dev/null");
}

absl::StatusOr<Measurement> ParseFioReport(absl::string_view report,
                                           size_t jobs) {
  Fields fields;
  std::vector<absl::string_view> messages;
  for (absl::string_view line :
       absl::StrSplit(report, '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "3;")) {
      fields = absl::StrSplit(line, ';');
    } else {
      messages.push_back(line);
    }
  }
  if (fields.size() < kFields || fields[kErrorField] != "0") {
    return absl::InternalError(
        absl::StrCat("fio failed: ", absl::StrJoin(messages, "; ")));
  }
  Measurement m;
  m.ops_per_s = Number(fields[kReadFields + kIops]) +
                Number(fields[kWriteFields + kIops]);
  const double cpu_percent =
      Number(fields[kUserCpuField]) + Number(fields[kSystemCpuField]);
  if (m.ops_per_s > 0) {
    m.cpu_us_per_op =
        cpu_percent / 100 * static_cast<double>(jobs) * 1e6 / m.ops_per_s;
  }
  m.p50_us = PercentileUs(fields, "50.000000%=");
  m.p99_us = PercentileUs(fields, "99.000000%=");
  m.p999_us = PercentileUs(fields, "99.900000%=");
  return m;
}

}  // namespace uasio::bench
