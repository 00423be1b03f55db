// asio_bench: our backends and other ways to do the same I/O, side by side.
//
// Its parts, from below: job.h is what is to be measured, course.h the sequence
// of operations, driver.h and engine.h who does it, comparison.h the rounds,
// report.h and plot.h what comes out.

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
#include "tools/command_line.h"

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

absl::Status WriteFile(const std::string& path, const std::string& contents) {
  FILE* file = std::fopen(path.c_str(), "we");
  bool ok = file != nullptr;
  ok = ok && std::fputs(contents.c_str(), file) >= 0;
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  if (ok) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("cannot write ", path));
}

double LoadAverage() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

absl::Status Run(Options options) {
  const auto& workloads = options.plan.workloads;
  if (std::count(workloads.begin(), workloads.end(), Workload::kSmallFiles)) {
    EndWhenInterrupted(&options.plan);
  }
  const double load = LoadAverage();
  Results results;
  absl::Status status = Compare(options.plan, ShowProgress, &results);
  EndProgress();
  std::printf("%s\nLoad average before: %.2f%s\n",
              Conditions(options.plan).c_str(), load,
              load > 1 ? ", which disturbs" : "");
  std::fputs(Table(results, options.baseline).c_str(), stdout);
  if (!options.csv_path.empty()) {
    const bool with_queues = options.plan.queues.size() > 1;
    status.Update(WriteFile(options.csv_path, Csv(results.rows, with_queues)));
  }
  if (!options.plot_folder.empty() && !results.rows.empty()) {
    status.Update(Plot(options.plan, results, options.plot_folder));
  }
  return status;
}

}  // namespace
}  // namespace uasio

int main(int argc, char** argv) {
  return uasio::ExitCode(uasio::Run(uasio::ParseOptions(argc, argv)));
}
