// Mutex, MutexLock and CondVar: the standard library's, with annotations that
// let clang's -Wthread-safety check which lock guards what, and a Lock() that
// spins before it blocks.
//
// They wrap std::mutex and std::condition_variable, which ThreadSanitizer
// understands wherever the library is built.  It does not understand the
// absl::Mutex of a distribution's uninstrumented Abseil.
//
// A waiter tests its condition in a loop, where the analysis sees the accesses:
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

// Lock() of a taken mutex tries again a few times before it blocks: most
// critical sections here are shorter than blocking and a wake-up.
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
  [[nodiscard]] bool TryLock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    return mutex_.try_lock();
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  friend class CondVar;

#if defined(ABSL_HAVE_THREAD_SANITIZER)
  static constexpr int kPausesMax = 0;  // TSan learns no order by try_lock().
#else
  static constexpr int kPausesMax = 32;  // 63 pauses took 0.85 us.
#endif

  // Lets the core's other hardware thread run.
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

// Its destructor does nothing, because Linux's condition variables hold nothing
// to release, and because in a forked child it would wait for ever for the
// parent's waiters.
class CondVar {
 public:
  CondVar() : cv_() {}
  ~CondVar() {}
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  // Releases `mutex`, blocks until notified, and locks it again.  There are
  // spurious wake-ups.
  void Wait(Mutex* mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }

  // The same, until `deadline` at the latest.  False: it has passed.
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
  union {
    std::condition_variable cv_;
  };
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_MUTEX_H_
