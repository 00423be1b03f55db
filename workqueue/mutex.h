// Mutex, MutexLock and CondVar: the standard library's, with annotations that
// let clang's -Wthread-safety check which lock guards what, and a Lock() that
// spins before it blocks.
//
// They stand on std::mutex and std::condition_variable because
// ThreadSanitizer understands those wherever the library is built, which is
// not so for absl::Mutex in a distribution's uninstrumented Abseil.
//
// A waiter tests its condition in a loop of its own, where the analysis sees
// the accesses:
//
//   MutexLock lock(&mutex_);
//   while (!ready_) ready_changed_.Wait(&mutex_);

#ifndef UASIO_WORKQUEUE_MUTEX_H_
#define UASIO_WORKQUEUE_MUTEX_H_

#include <condition_variable>
#include <mutex>

#include "absl/base/config.h"
#include "absl/base/thread_annotations.h"
#include "workqueue/deadline.h"

namespace uasio {

// Most of what is done under a lock here takes less time than to block and be
// woken: who finds it taken looks again a few times before he blocks.
class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    for (int pauses = 1; pauses <= kPausesMax; pauses *= 2) {
      if (mutex_.try_lock()) return;
      for (int i = 0; i < pauses; ++i) Pause();
    }
    mutex_.lock();
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  friend class CondVar;

#if defined(ABSL_HAVE_THREAD_SANITIZER)
  static constexpr int kPausesMax = 0;  // It learns no order from try_lock().
#else
  static constexpr int kPausesMax = 32;  // 63 pauses took 0.85 us.
#endif

  // Lets the other thread of the core go on.
  static void Pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::mutex mutex_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : mutex_(mutex) {
    mutex_->Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  // Releases `mutex`, blocks until notified (or for no reason), locks again.
  void Wait(Mutex* mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }

  // The same, for no longer than until `deadline`.  False: it has passed.
  bool WaitUntil(Mutex* mutex, Deadline deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (deadline == kNoDeadline) return Wait(mutex), true;
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    const std::cv_status status = cv_.wait_until(lock, deadline);
    lock.release();
    return status == std::cv_status::no_timeout;
  }

  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_MUTEX_H_
