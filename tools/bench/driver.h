// A Driver keeps operations in flight from one thread.  Engines that run in
// this process are built from Drivers.
//
// Threads:   each Driver is made, used and destroyed by one thread.
// Errors:    Prepare() returns them, Run() gives them to its recorder.

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

namespace uasio::bench {

class Driver {
 public:
  virtual ~Driver() = default;

  // Does everything that need not be measured.  `job` outlives the driver.
  virtual absl::Status Prepare(const Job& job) = 0;

  // Keeps job.depth operations in flight until the schedule is over; returns
  // when all have completed.
  virtual void Run(Recorder* recorder) = 0;
};

using DriverFactory = std::function<std::unique_ptr<Driver>()>;

// Runs job.queues drivers, each in a thread of its own, and measures them and
// the CPU time of the process.  If Prepare() of any fails, none runs.
absl::StatusOr<Measurement> MeasureDrivers(const Job& job,
                                           const DriverFactory& factory);

// Prepares job.queues drivers at the same time and destroys them.  Returns the
// first error of Prepare().
absl::Status TryPrepare(const Job& job, const DriverFactory& factory);

// Operations with a buffer of one block each.  The buffers are one allocation,
// and every page of it has been touched.
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

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_DRIVER_H_
