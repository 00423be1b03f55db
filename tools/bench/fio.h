// fio(1) as an engine: runs the program with the parameters of the job.

#ifndef UASIO_TOOLS_BENCH_FIO_H_
#define UASIO_TOOLS_BENCH_FIO_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/bench/engine.h"

namespace uasio::bench {

struct FioOptions {
  std::string ioengine;  // "libaio", "io_uring", or "psync" (in threads).
  bool fixed_buffers = false;
  bool emulated_libaio = false;  // fio runs on our libaio.so.1, by uasio-aio.
};

std::unique_ptr<Engine> NewFioEngine(const FioOptions& options);

// The shell command, which prints a report in fio's terse format, version 3.
std::string FioCommand(const FioOptions& options, const Job& job);

// How many fio jobs run concurrently.
size_t FioJobs(const FioOptions& options, const Job& job);

// Finds the report among the lines of fio's output.  If there is none, or fio
// failed, the error contains the other lines.
absl::StatusOr<Measurement> ParseFioReport(absl::string_view report,
                                           size_t jobs);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_FIO_H_
