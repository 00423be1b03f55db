// A Driver keeps operations in flight from one thread: what engines that are
// part of this process are made of.
//
// Threads:   each Driver is made, used and destroyed by a thread of its own.
// Errors:    Prepare() returns them, Run() tells its recorder.

#ifndef UASIO_TOOLS_BENCH_DRIVER_H_
#define UASIO_TOOLS_BENCH_DRIVER_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "asio/buffer.h"
#include "tools/bench/engine.h"
#include "tools/bench/schedule.h"

namespace uasio {

class Driver {
 public:
  virtual ~Driver() = default;

  // Everything that can be done before the clock starts.  `job` stays.
  virtual absl::Status Prepare(const Job& job) = 0;

  // Keeps job.depth operations going until the schedule is over, and returns
  // when all are back.
  virtual void Run(Recorder* recorder) = 0;
};

using DriverFactory = std::function<std::unique_ptr<Driver>()>;

// Has job.queues drivers do the job, if all can be prepared, and measures the
// process meanwhile.
absl::StatusOr<Measurement> Drive(const Job& job, const DriverFactory& factory);

// Whether job.queues drivers can be prepared at a time; if not, what the first
// that cannot says.
absl::Status TryPrepare(const Job& job, const DriverFactory& factory);

// As many ops as the job's depth, each with a block of one piece of memory,
// all of it touched.
class OperationTable {
 public:
  absl::Status Allocate(const Job& job, size_t count);

  std::vector<Operation>& operations() { return operations_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const Buffer& memory() const { return memory_; }
  size_t IndexOf(const Operation* op) const {
    return static_cast<size_t>(op - operations_.data());
  }

 private:
  Buffer memory_;
  std::vector<Operation> operations_;
};

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_DRIVER_H_
