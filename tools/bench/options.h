// The flags of asio_bench, parsed and checked.

#ifndef UASIO_TOOLS_BENCH_OPTIONS_H_
#define UASIO_TOOLS_BENCH_OPTIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "tools/bench/comparison.h"

namespace uasio::bench {

struct Options {
  Plan plan;
  std::string baseline;
  std::string csv_path;     // "": none.
  std::string plot_folder;  // "": none.
};

// Parses the command line; its flags override those of its preset.  Exits with
// code 2 and a message if the command line is invalid.
Options ParseOptions(int argc, char** argv);

// Makes Options from the current values of the flags; does not exit.
absl::StatusOr<Options> OptionsFromFlags();

// Sets the flags of a preset.  False: no preset has that name.
bool SetPresetFlags(absl::string_view name);

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_OPTIONS_H_
