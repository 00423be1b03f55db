// asio_bench: our backends and other ways to do the same I/O, side by side.
//
// Its parts, from below: job.h is what is to be measured, schedule.h the
// sequence of operations, driver.h and engine.h who does it, comparison.h the
// rounds, report.h and plot.h what comes out.

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

namespace uasio {
namespace {

volatile sig_atomic_t interrupted = 0;

// Between two runs, so that small files, which have names, are removed; who
// cannot wait for that interrupts twice.
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

// A file that is opened before the measurement, so that a bad name costs no
// time, and keeps what it has until that is over.
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

  // Nothing, if there was no name.  REQUIRES: status() is OK.
  absl::Status Replace(const std::string& contents) {
    if (file_ == nullptr) return absl::OkStatus();
    // A pipe or device has no size, and takes what comes.
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

// What there is, also with an error; without a row, why.
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
}  // namespace uasio

int main(int argc, char** argv) {
  return uasio::ExitCode(uasio::Run(uasio::ParseOptions(argc, argv)));
}
