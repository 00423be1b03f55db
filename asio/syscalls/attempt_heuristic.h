// An AttemptHeuristic predicts whether the next non-blocking attempt will
// succeed, from the results of the attempts before it.
//
// Threads:   any; attempts of the same kind share one.
//
// A failed attempt costs a system call.  If it makes the kernel read ahead, the
// submitter also starts the device, one request after the other, which the pool
// does on all CPUs.  So after kFailuresMax failures in a row only one request
// in kTryOneIn is worth an attempt, until one succeeds.

#ifndef UASIO_ASIO_SYSCALLS_ATTEMPT_HEURISTIC_H_
#define UASIO_ASIO_SYSCALLS_ATTEMPT_HEURISTIC_H_

#include <atomic>

namespace uasio {

class AttemptHeuristic {
 public:
  bool IsWorthTrying() {
    if (failures_.load(std::memory_order_relaxed) < kFailuresMax) return true;
    return skipped_.fetch_add(1, std::memory_order_relaxed) % kTryOneIn == 0;
  }

  void Learn(bool succeeded) {
    if (succeeded) {
      failures_.store(0, std::memory_order_relaxed);
    } else {
      failures_.fetch_add(1, std::memory_order_relaxed);
    }
  }

 private:
  static constexpr unsigned kFailuresMax = 4;
  static constexpr unsigned kTryOneIn = 16;

  std::atomic<unsigned> failures_{0};  // Since the last success.
  std::atomic<unsigned> skipped_{0};
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_ATTEMPT_HEURISTIC_H_
