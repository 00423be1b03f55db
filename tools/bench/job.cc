#include "tools/bench/job.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace uasio::bench {

const std::vector<std::string>& WorkloadNames() {
  static const auto* const names = new std::vector<std::string>{
      "nop",  "seqread", "seqwrite",   "randread",  "randwrite",  "randrw",
      "copy", "scatter", "smallfiles", "smallread", "smallwrite", "lines"};
  return *names;
}

const std::string& WorkloadName(Workload workload) {
  return WorkloadNames()[static_cast<size_t>(workload)];
}

std::string QueuesText(size_t queues) {
  return absl::StrCat(queues, queues == 1 ? " queue" : " queues");
}

bool ParseWorkload(absl::string_view name, Workload* workload) {
  const auto& names = WorkloadNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return false;
  *workload = static_cast<Workload>(found - names.begin());
  return true;
}

}  // namespace uasio::bench
