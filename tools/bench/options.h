// What asio_bench is asked for, from its flags.

#ifndef UASIO_TOOLS_BENCH_OPTIONS_H_
#define UASIO_TOOLS_BENCH_OPTIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "tools/bench/comparison.h"

namespace uasio {

struct Options {
  Plan plan;
  std::string baseline;
  std::string csv_path;     // "": none.
  std::string plot_folder;  // "": none.
};

// Reads the command line, whose flags override those of its preset; exits with
// 2 for what is no such.
Options ParseOptions(int argc, char** argv);

// The same without exiting: from the flags as they are.
absl::StatusOr<Options> OptionsFromFlags();

// The flags that a preset stands for; false: there is no such preset.
bool SetPresetFlags(absl::string_view name);

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_OPTIONS_H_
