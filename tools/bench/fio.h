// fio(1) as an engine: the program, told to do the same job.

#ifndef UASIO_TOOLS_BENCH_FIO_H_
#define UASIO_TOOLS_BENCH_FIO_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/bench/engine.h"

namespace uasio {

// How fio does it.
struct FioStyle {
  std::string ioengine;  // "libaio", "io_uring", or "psync" in threads.
  bool fixed = false;    // With fixed buffers.
};

std::unique_ptr<Engine> NewFioEngine(const FioStyle& style);

// The shell's command line, which prints its report in fio's terse format.
std::string FioCommand(const FioStyle& style, const Job& job);

// How many of fio's jobs run side by side.
size_t FioJobs(const FioStyle& style, const Job& job);

// What a report says, in which there may be other lines.
absl::StatusOr<Measurement> ParseFioReport(absl::string_view report,
                                           size_t jobs);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_FIO_H_
