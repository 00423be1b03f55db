// An Owner remembers the thread that created it, and tells whether a call
// comes from that thread, in that process.
//
// Threads:   any may ask.
// Cost:      two loads; no system call.
//
// A child of fork() is another process, though its thread looks the same: the
// threads that served its parent do not exist there.

#ifndef UASIO_WORKQUEUE_OWNER_H_
#define UASIO_WORKQUEUE_OWNER_H_

#include <pthread.h>

#include <cstdint>

namespace uasio {

class Owner {
 public:
  Owner() noexcept : thread_(pthread_self()), process_(ProcessGeneration()) {}

  [[nodiscard]] bool IsThisThread() const noexcept {
    return pthread_equal(thread_, pthread_self());
  }
  [[nodiscard]] bool IsThisProcess() const noexcept {
    return process_ == ProcessGeneration();
  }

 private:
  // Counts the forks between the first process and this one.
  static uint64_t ProcessGeneration() noexcept;

  pthread_t thread_;
  uint64_t process_;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_OWNER_H_
