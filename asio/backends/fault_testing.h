// A queue on a fault backend that the test can reach.

#ifndef UASIO_ASIO_BACKENDS_FAULT_TESTING_H_
#define UASIO_ASIO_BACKENDS_FAULT_TESTING_H_

#include <memory>
#include <utility>

#include "asio/backends/fault.h"
#include "asio/queue.h"
#include "asio/testing/one_call_backend.h"
#include "workqueue/worker_pool.h"

namespace uasio {

struct FaultyQueue {
  explicit FaultyQueue(
      FaultOptions options = {},
      std::unique_ptr<Backend> wrapped = std::make_unique<OneCallBackend>())
      : faults(new FaultBackend(std::move(options), std::move(wrapped))),
        queue(OptionsWith(&pool), std::unique_ptr<Backend>(faults)) {}

  static QueueOptions OptionsWith(WorkerPool* pool) {
    QueueOptions options;
    options.pool = pool;
    return options;
  }

  WorkerPool pool;  // Has no threads until a request goes to the workers.
  FaultBackend* const faults;  // Owned by the queue.
  Queue queue;
};

inline FaultOptions Script(FaultOptions::Kind kind, uint64_t nth, Fault fault) {
  FaultOptions options;
  options.script.push_back({kind, nth, fault});
  return options;
}

inline FaultOptions Rate(Fault fault, double rate, uint64_t seed = 1) {
  FaultOptions options;
  options.rates[static_cast<size_t>(fault)] = rate;
  options.seed = seed;
  return options;
}

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_FAULT_TESTING_H_
