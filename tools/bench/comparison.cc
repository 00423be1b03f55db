#include "tools/bench/comparison.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tools/bench/beside.h"
#include "tools/bench/limits.h"
#include "tools/bench/scratch_file.h"
#include "tools/bench/small_files.h"
#include "tools/bench/small_files_engine.h"
#include "tools/bench/small_streams_engine.h"

namespace uasio::bench {
namespace {

std::unique_ptr<Engine> NewEngineFor(const Job& job, const std::string& name) {
  if (job.workload == Workload::kSmallFiles) return NewSmallFilesEngine(name);
  if (IsSmallStream(job.workload)) return NewSmallStreamsEngine(name);
  return NewEngine(name);
}

class Comparison {
 public:
  Comparison(const Plan& plan, const ProgressCallback& progress,
             Results* results)
      : plan_(plan), progress_(progress), results_(results) {}

  absl::Status Run();

 private:
  absl::Status CreateFiles();
  absl::Status CreateSmallFiles();
  absl::Status RunRounds(const Job& like);
  absl::Status RunRound(const Job& job, const std::vector<std::string>& engines,
                        size_t round);
  absl::Status RunOne(const Job& job, const std::string& engine, size_t round);
  std::vector<std::string> SupportedEngines(const Job& job);
  absl::Status PrepareCache(const Job& job) const;
  Job JobFor(Workload workload, size_t depth, size_t queues) const;
  void PassOver(const std::string& engine, const Job& job,
                const absl::Status& reason);

  const Plan& plan_;
  const ProgressCallback& progress_;
  Results* const results_;
  const absl::Time begun_ = absl::Now();
  const Limits limits_ = Limits::OfTheMachine();
  std::optional<ScratchFile> file_;
  std::optional<ScratchFile> copy_;
  std::optional<SmallFiles> small_files_;
  std::set<std::string> notes_;  // Those in the results, to avoid duplicates.
  size_t done_ = 0;
};

using Workloads = std::vector<Workload>;

bool Any(const Workloads& workloads, bool (*is)(Workload)) {
  return std::any_of(workloads.begin(), workloads.end(), is);
}

absl::Status Comparison::CreateFiles() {
  const Workloads& workloads = plan_.workloads;
  for (auto* file : {&file_, &copy_}) {
    if (!Any(workloads, file == &file_ ? HasAFile : HasTwoFiles)) continue;
    if (progress_) progress_("writing the scratch file", 0, 1);
    absl::StatusOr<ScratchFile> created =
        ScratchFile::Create(plan_.file, plan_.job.file_bytes, plan_.job.direct);
    if (!created.ok()) return created.status();
    *file = *std::move(created);
  }
  const bool any_small = std::count(workloads.begin(), workloads.end(),
                                    Workload::kSmallFiles) != 0;
  return any_small ? CreateSmallFiles() : absl::OkStatus();
}

absl::Status Comparison::CreateSmallFiles() {
  if (plan_.job.cold) {  // Fails without root: before the files are written.
    const absl::Status status = SmallFiles::DropCaches();
    if (!status.ok()) return status;
  }
  if (progress_) progress_("writing the small files", 0, 1);
  absl::StatusOr<SmallFiles> created =
      SmallFiles::Create(plan_.file, plan_.files, plan_.job.block_bytes);
  if (created.ok()) small_files_.emplace(*std::move(created));
  return created.status();
}

Job Comparison::JobFor(Workload workload, size_t depth, size_t queues) const {
  Job job = plan_.job;
  job.workload = workload;
  job.depth = depth;
  job.queues = queues;
  job.threads =
      plan_.threads != 0 ? plan_.threads : std::min(depth, kThreadsMax);
  if (file_.has_value()) job.fd = file_->fd(), job.path = file_->path();
  if (copy_.has_value()) job.copy_fd = copy_->fd();
  if (small_files_.has_value()) job.small_files = &*small_files_;
  return job;
}

// Cold for direct I/O too: it is slower if pages of the file are cached.
absl::Status Comparison::PrepareCache(const Job& job) const {
  if (job.workload == Workload::kNop) return absl::OkStatus();
  if (job.workload == Workload::kSmallFiles) {
    return job.cold ? SmallFiles::DropCaches() : small_files_->ReadInTurn();
  }
  for (const auto* file : {&file_, &copy_}) {
    if (!file->has_value()) continue;
    const absl::Status status =
        job.direct || job.cold ? (*file)->MakeCold() : (*file)->MakeWarm();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void Comparison::PassOver(const std::string& engine, const Job& job,
                          const absl::Status& reason) {
  const std::string note =
      absl::StrCat(WorkloadName(job.workload), ": ", engine,
                   " passed over: ", reason.message());
  if (notes_.insert(note).second) results_->notes.push_back(note);
}

std::vector<std::string> Comparison::SupportedEngines(const Job& job) {
  std::vector<std::string> engines;
  for (const std::string& name : plan_.engines) {
    absl::Status status = CheckLimits(name, job, limits_);
    if (status.ok()) status = NewEngineFor(job, name)->Supports(job);
    if (status.ok()) {
      engines.push_back(name);
    } else {
      PassOver(name, job, status);
      done_ += plan_.rounds;
    }
  }
  return engines;
}

absl::Status Comparison::RunOne(const Job& job, const std::string& name,
                                size_t round) {
  const absl::Status status = PrepareCache(job);
  if (!status.ok()) return status;
  absl::StatusOr<Measurement> m = NewEngineFor(job, name)->Measure(job);
  if (!m.ok()) {
    return absl::Status(m.status().code(),
                        absl::StrCat(WorkloadName(job.workload), " with ", name,
                                     ": ", m.status().message()));
  }
  results_->rows.push_back({job.workload, name, job.block_bytes, job.depth,
                            job.threads, round, *std::move(m), job.queues});
  return absl::OkStatus();
}

absl::Status Comparison::RunRound(const Job& job,
                                  const std::vector<std::string>& engines,
                                  size_t round) {
  const size_t total = plan_.workloads.size() * plan_.depths.size() *
                       plan_.queues.size() * plan_.rounds *
                       plan_.engines.size();
  for (const std::string& engine : engines) {
    if (plan_.is_interrupted && plan_.is_interrupted()) {
      return absl::CancelledError("interrupted");
    }
    if (absl::Now() - begun_ > plan_.time_max) {
      return absl::DeadlineExceededError(absl::StrCat(
          "time is up after ", absl::FormatDuration(plan_.time_max)));
    }
    if (progress_) {
      progress_(absl::StrCat(WorkloadName(job.workload), ", depth ", job.depth,
                             ", ", QueuesText(job.queues), ", round ",
                             round + 1, ": ", engine),
                done_, total);
    }
    const absl::Status status = RunOne(job, engine, round);
    if (!status.ok()) return status;
    ++done_;
  }
  return absl::OkStatus();
}

absl::Status Comparison::RunRounds(const Job& like) {
  const std::vector<std::string> engines = SupportedEngines(like);
  Job job = like;
  absl::Status status;
  for (size_t round = 0; round < plan_.rounds && status.ok(); ++round) {
    job.seed = round + 1;
    status = RunRound(job, engines, round);
  }
  return status;
}

absl::Status Comparison::Run() {
  absl::Status status = CreateFiles();
  Beside beside;  // The same for all engines and rounds.
  if (status.ok()) status = beside.Start(plan_.beside);
  for (Workload workload : plan_.workloads) {
    for (size_t depth : plan_.depths) {
      for (size_t queues : plan_.queues) {
        if (!status.ok()) return status;
        status = RunRounds(JobFor(workload, depth, queues));
      }
    }
  }
  return status;
}

}  // namespace

absl::Status Compare(const Plan& plan, const ProgressCallback& progress,
                     Results* results) {
  return Comparison(plan, progress, results).Run();
}

}  // namespace uasio::bench
