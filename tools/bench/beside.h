// Beside is a number of threads that compute, so that the engines must share
// the processors with them.
//
// Each is a process of its own, as the work of another program would be: its
// CPU time and its threads do not count as the engines'.  They end with the
// object, and also if this process is killed.
//
// Threads:   one; it must live as long as the object.
// Errors:    absl::Status, if a process cannot be started.

#ifndef UASIO_TOOLS_BENCH_BESIDE_H_
#define UASIO_TOOLS_BENCH_BESIDE_H_

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "absl/status/status.h"

namespace uasio::bench {

class Beside {
 public:
  Beside() = default;
  ~Beside();
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  // Starts `count` more of them.
  absl::Status Start(size_t count);

  const std::vector<pid_t>& processes() const { return processes_; }

 private:
  std::vector<pid_t> processes_;
};

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_BESIDE_H_
