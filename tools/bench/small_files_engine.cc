#include "tools/bench/small_files_engine.h"

#include <sys/resource.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/schedule.h"
#include "tools/bench/small_files.h"

namespace uasio::bench {
namespace {

constexpr size_t kDepthMax = 1024;  // pread_threads starts a thread for each.

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return absl::ToDoubleSeconds(absl::DurationFromTimeval(usage.ru_utime) +
                               absl::DurationFromTimeval(usage.ru_stime));
}

class SmallFilesEngine final : public Engine {
 public:
  explicit SmallFilesEngine(absl::string_view name) : name_(name) {}

  absl::Status Supports(const Job& job) const override;
  absl::StatusOr<Measurement> Measure(const Job& job) override;

 private:
  absl::Status Read(const Job& job, Histogram* latency) const;

  const std::string name_;
};

absl::Status SmallFilesEngine::Supports(const Job& job) const {
  if (name_ != "syslets" && name_ != "pread" && name_ != "pread_threads") {
    return absl::UnimplementedError("cannot open files");
  }
  if (job.workload != Workload::kSmallFiles) {
    return absl::UnimplementedError("supports only the workload smallfiles");
  }
  if (job.direct) {
    return absl::UnimplementedError(
        "small files are read through the page cache; use --buffered");
  }
  if (job.queues != 1) {
    return absl::UnimplementedError("small files are read by one queue");
  }
  if (job.depth <= kDepthMax) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat("small files have a depth of at most ", kDepthMax));
}

absl::Status SmallFilesEngine::Read(const Job& job, Histogram* latency) const {
  const SmallFiles& files = *job.small_files;
  if (name_ == "pread") return files.ReadInTurn(latency);
  if (name_ == "pread_threads") return files.ReadByThreads(job.depth, latency);
  return files.ReadBySyslets(job.depth, job.threads, latency);
}

absl::StatusOr<Measurement> SmallFilesEngine::Measure(const Job& job) {
  Measurement m;
  const double cpu_before = CpuSeconds();
  const int64_t begin_ns = NowNs();
  const absl::Status status = Read(job, &m.latency);
  const double seconds = static_cast<double>(NowNs() - begin_ns) * 1e-9;
  const double cpu_s = CpuSeconds() - cpu_before;
  if (!status.ok()) return status;
  const double count = static_cast<double>(m.latency.total());
  m.ops_per_s = count / seconds;
  m.mib_per_s = MibPerSecond(job, m.ops_per_s);
  m.cpu_us_per_op = cpu_s * 1e6 / count;
  m.p50_us = m.latency.Percentile(0.5) / 1000;
  m.p99_us = m.latency.Percentile(0.99) / 1000;
  m.p999_us = m.latency.Percentile(0.999) / 1000;
  return m;
}

}  // namespace

std::unique_ptr<Engine> NewSmallFilesEngine(absl::string_view name) {
  return std::make_unique<SmallFilesEngine>(name);
}

}  // namespace uasio::bench
