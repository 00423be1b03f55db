// small_files_bench: many small files, read by syslets, by plain threads, and
// one after the other; cold and cached.

#include <signal.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "tools/bench/course.h"
#include "tools/bench/small_files.h"
#include "tools/bench/statistics.h"
#include "tools/command_line.h"

ABSL_FLAG(std::string, folder, "/tmp", "where the files are made, and removed");
ABSL_FLAG(uint32_t, files, 100000, "how many files");
ABSL_FLAG(uasio::Bytes, size, uasio::Bytes{4096}, "of each file");
ABSL_FLAG(uint32_t, depth, 64, "syslets in flight, and plain threads");
ABSL_FLAG(uint32_t, workers, 32, "of the syslets, at a time");
ABSL_FLAG(uint32_t, rounds, 7, "of which the median is shown");
ABSL_FLAG(std::string, cache, "both",
          "cold: the kernel's caches are dropped before each run, as root; "
          "cached; or both");

namespace uasio {
namespace {

constexpr char kUsage[] =
    "usage: small_files_bench [FLAGS]\n\n"
    "Makes files and reads them: open, fstat, read and close of each; in turn, "
    "by\nplain threads and by syslets, in interleaved rounds.\n";
constexpr uint32_t kCountMax = 1024;

volatile sig_atomic_t interrupted = 0;

struct Engine {
  const char* name;
  std::function<absl::Status()> read;
  std::vector<double> files_per_s;
};

absl::Status Measure(const SmallFiles& files, bool cold) {
  const size_t depth = absl::GetFlag(FLAGS_depth);
  const size_t workers = absl::GetFlag(FLAGS_workers);
  std::vector<Engine> engines = {
      {"in turn", [&] { return files.ReadInTurn(); }, {}},
      {"threads", [&] { return files.ReadByThreads(depth); }, {}},
      {"syslets", [&] { return files.ReadBySyslets(depth, workers); }, {}}};
  if (!cold) {
    const absl::Status status = files.ReadInTurn();
    if (!status.ok()) return status;
  }
  for (uint32_t round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    for (Engine& engine : engines) {
      absl::Status status = cold ? SmallFiles::DropCaches() : absl::OkStatus();
      if (interrupted != 0) return absl::CancelledError("interrupted");
      const int64_t begin_ns = NowNs();
      if (status.ok()) status = engine.read();
      if (!status.ok()) return status;
      const double seconds = static_cast<double>(NowNs() - begin_ns) / 1e9;
      engine.files_per_s.push_back(absl::GetFlag(FLAGS_files) / seconds);
    }
  }
  for (const Engine& engine : engines) {
    const Summary summary = Summarize(engine.files_per_s);
    std::printf("%-8s %-8s %12.0f %8.2f %8.0f %%\n", cold ? "cold" : "cached",
                engine.name, summary.median,
                MedianRatio(engine.files_per_s, engines[0].files_per_s),
                100 * summary.spread());
  }
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status Run() {
  const std::string cache = absl::GetFlag(FLAGS_cache);
  absl::StatusOr<SmallFiles> files = SmallFiles::Create(
      absl::GetFlag(FLAGS_folder), absl::GetFlag(FLAGS_files),
      absl::GetFlag(FLAGS_size).count);
  if (!files.ok()) return files.status();
  std::printf("%u files of %llu bytes, depth %u, %u workers, %u rounds\n",
              absl::GetFlag(FLAGS_files),
              static_cast<unsigned long long>(absl::GetFlag(FLAGS_size).count),
              absl::GetFlag(FLAGS_depth), absl::GetFlag(FLAGS_workers),
              absl::GetFlag(FLAGS_rounds));
  std::printf("%-8s %-8s %12s %8s %10s\n", "cache", "who", "files/s", "to turn",
              "spread");
  absl::Status status;
  if (cache != "cold") status = Measure(*files, /*cold=*/false);
  if (status.ok() && cache != "cached") status = Measure(*files, true);
  return status;
}

void CheckFlags() {
  const std::string cache = absl::GetFlag(FLAGS_cache);
  if (cache != "cold" && cache != "cached" && cache != "both") {
    ExitWithUsage("--cache must be cold, cached or both");
  }
  if (absl::GetFlag(FLAGS_files) == 0 || absl::GetFlag(FLAGS_rounds) == 0) {
    ExitWithUsage("--files and --rounds must not be 0");
  }
  for (const uint32_t count :
       {absl::GetFlag(FLAGS_depth), absl::GetFlag(FLAGS_workers)}) {
    if (count > 0 && count <= kCountMax) continue;
    ExitWithUsage(
        absl::StrCat("--depth and --workers must be from 1 to ", kCountMax));
  }
}

}  // namespace
}  // namespace uasio

int main(int argc, char** argv) {
  if (!uasio::ParseCommandLine(argc, argv, uasio::kUsage).empty()) {
    uasio::ExitWithUsage("there are no arguments but flags");
  }
  uasio::CheckFlags();
  // Between two runs, so that the files are removed.
  for (const int signal_number : {SIGINT, SIGTERM}) {
    signal(signal_number, [](int) { uasio::interrupted = 1; });
  }
  return uasio::ExitCode(uasio::Run());
}
