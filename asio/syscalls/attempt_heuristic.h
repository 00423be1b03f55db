// A AttemptHeuristic tells whether the next attempt to do something without
// waiting will succeed, from how those before it did.
//
// Threads:   any; those whose attempts are alike share one.
//
// An attempt that fails is not free: it takes a system call, and where it makes
// the kernel read ahead, it is the submitter who then starts the device, one
// request after the other, which the pool does on all CPUs.  So after a few
// failures only one in kSkipped is worth an attempt, until one succeeds.

#ifndef UASIO_ASIO_SYSCALLS_ATTEMPT_HEURISTIC_H_
#define UASIO_ASIO_SYSCALLS_ATTEMPT_HEURISTIC_H_

#include <atomic>

namespace uasio {

class AttemptHeuristic {
 public:
  bool IsWorthTrying() {
    if (failures_.load(std::memory_order_relaxed) < kFailuresMax) return true;
    return skipped_.fetch_add(1, std::memory_order_relaxed) % kSkipped == 0;
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
  static constexpr unsigned kSkipped = 16;

  std::atomic<unsigned> failures_{0};  // Since the last success.
  std::atomic<unsigned> skipped_{0};
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_ATTEMPT_HEURISTIC_H_
