// A CachedReads foresees whether the next read will find its data in the page
// cache, from how those before it did.
//
// Threads:   any; those of one context, whose guess is the better for it.
//
// An attempt that fails is not free: it is the submitter who then starts the
// device, one request after the other, which the pool does on all CPUs.  So
// after a few failures only one read in kSkipped is attempted, until one
// succeeds.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_CACHED_READS_H_
#define UASIO_ASIO_COMPAT_LIBAIO_CACHED_READS_H_

#include <atomic>

namespace uasio {
namespace libaio {

class CachedReads {
 public:
  // Never worth it, unless `enabled`.
  explicit CachedReads(bool enabled) : enabled_(enabled) {}

  bool IsWorthTrying() {
    if (!enabled_) return false;
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

  const bool enabled_;
  std::atomic<unsigned> failures_{0};  // Since the last success.
  std::atomic<unsigned> skipped_{0};
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_CACHED_READS_H_
