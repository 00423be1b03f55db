// asio_bench: compares our backends with other I/O interfaces.
//
// Its parts, lowest first: job.h describes the work, schedule.h generates the
// operations, driver.h and engine.h perform and measure them, comparison.h runs
// the rounds, report.h and plot.h print and draw the results.

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"
#include "tools/bench/options.h"
#include "tools/bench/plot.h"
#include "tools/bench/report.h"
#include "tools/common/command_line.h"

namespace uasio::bench {
namespace {

volatile sig_atomic_t interrupted = 0;

// The comparison ends after the current run, so that the small files, which
// have names, are removed.  A second signal kills the process at once.
void EndWhenInterrupted(Plan* plan) {
  for (const int signal_number : {SIGINT, SIGTERM}) {
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted = 1; };
    action.sa_flags = SA_RESETHAND | SA_RESTART;
    sigaction(signal_number, &action, nullptr);
  }
  plan->is_interrupted = [] { return interrupted != 0; };
}

void ShowProgress(absl::string_view what, size_t done, size_t total) {
  if (isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r\033[K[%zu/%zu] %s", done, total,
               std::string(what).c_str());
}

void EndProgress() {
  if (isatty(STDERR_FILENO) != 0) std::fputs("\r\033[K", stderr);
}

// An output file.  It is opened before the measurement, so that a bad path
// fails at once, and keeps its old contents until Replace().
class ResultFile {
 public:
  explicit ResultFile(const std::string& path) : path_(path) {
    if (path.empty()) return;
    file_ = std::fopen(path.c_str(), "ae");
    if (file_ == nullptr) status_ = Failure();
  }
  ~ResultFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  ResultFile(const ResultFile&) = delete;
  ResultFile& operator=(const ResultFile&) = delete;

  const absl::Status& status() const { return status_; }

  // Does nothing if the path is empty.
  // REQUIRES: status() is OK.
  absl::Status Replace(const std::string& contents) {
    if (file_ == nullptr) return absl::OkStatus();
    // EINVAL: a pipe or device, which has no size.
    bool ok = ftruncate(fileno(file_), 0) == 0 || errno == EINVAL;
    ok = ok && std::fputs(contents.c_str(), file_) >= 0;
    ok = ok && std::fflush(file_) == 0;
    return ok ? absl::OkStatus() : Failure();
  }

 private:
  absl::Status Failure() const {
    return ErrnoStatus(errno, absl::StrCat("cannot write ", path_));
  }

  const std::string path_;
  FILE* file_ = nullptr;
  absl::Status status_;
};

double LoadAverage() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

// Prints the results so far, also after an error.  Without rows, prints only
// the reasons.
void Print(const Options& options, const Results& results, double load) {
  if (!results.rows.empty()) {
    std::printf("%s\nLoad average before: %.2f%s\n",
                Conditions(options.plan).c_str(), load,
                load > 1 ? ", which disturbs" : "");
  }
  std::fputs(Table(results, options.baseline).c_str(), stdout);
}

absl::Status Run(Options options) {
  const auto& workloads = options.plan.workloads;
  if (std::count(workloads.begin(), workloads.end(), Workload::kSmallFiles)) {
    EndWhenInterrupted(&options.plan);
  }
  ResultFile csv(options.csv_path);
  absl::Status status = csv.status();
  if (status.ok() && !options.plot_folder.empty()) {
    status = MakePlotFolder(options.plot_folder);
  }
  if (!status.ok()) return status;
  const double load = LoadAverage();
  Results results;
  status = Compare(options.plan, ShowProgress, &results);
  EndProgress();
  Print(options, results, load);
  if (results.rows.empty()) return status;
  const bool with_queues = options.plan.queues.size() > 1;
  status.Update(csv.Replace(Csv(results.rows, with_queues)));
  if (!options.plot_folder.empty()) {
    status.Update(Plot(options.plan, results, options.plot_folder));
  }
  return status;
}

}  // namespace
}  // namespace uasio::bench

int main(int argc, char** argv) {
  return uasio::ExitCode(
      uasio::bench::Run(uasio::bench::ParseOptions(argc, argv)));
}
