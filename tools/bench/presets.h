// The presets of asio_bench: named settings of its flags.

#ifndef UASIO_TOOLS_BENCH_PRESETS_H_
#define UASIO_TOOLS_BENCH_PRESETS_H_

#include <string>
#include <utility>
#include <vector>

namespace uasio::bench {

struct Preset {
  const char* name;
  const char* what;  // For --help.
  std::vector<std::pair<const char*, const char*>> settings;
};

// quick and full, then one for each row of "Never slower than the plain call"
// in docs/performance.md: our engine comes first, then its peers.
const std::vector<Preset>& Presets();

// "quick,full,...".
std::string PresetNames();

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_PRESETS_H_
