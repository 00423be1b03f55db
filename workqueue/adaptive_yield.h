// An AdaptiveYield decides whether a thread that must wait first polls a few
// times, with sched_yield() in between, before it blocks: blocking and a
// wake-up cost both threads about as much, and more if a processor goes idle.
//
// After a yield that found nothing, or found it late, the next waits block at
// once: twice as many after each such yield.  So long waits cost next to
// nothing.
//
// A yield to a thread that computes loses a whole time slice, while a blocked
// thread gets a processor when it is woken.  After losing a time slice, no
// yielding for 100 times as long, divided by the number of waiting threads.
//
// Threads:   the owner's lock guards all but YieldUntil().
// Blocks:    nothing.
//
//   if (!yield.YieldUnlocked(&mutex, deadline, ready, one_thread)) {
//     ...  // Blocks.
//   }

#ifndef UASIO_WORKQUEUE_ADAPTIVE_YIELD_H_
#define UASIO_WORKQUEUE_ADAPTIVE_YIELD_H_

#include <sched.h>

#include <chrono>
#include <cstddef>

#include "workqueue/mutex.h"

namespace uasio {

class AdaptiveYield {
 public:
  using Clock = std::chrono::steady_clock;

  // What one YieldUntil() took; `turns` counts its calls of sched_yield().
  struct Stay {
    Clock::time_point begin;
    Clock::duration time = Clock::duration::zero();
    int turns = 0;
  };

  // Whether a wait that begins `now` should yield before it blocks.
  bool ShouldYield(Clock::time_point now, Deadline deadline);

  // Yields until look() returns true, kTurnsMax times or for kTimeMax.
  template <typename Look>
  static Stay YieldUntil(const Look& look) {
    Stay stay;
    stay.begin = Clock::now();
    while (!look() && stay.turns < kTurnsMax && stay.time < kTimeMax) {
      sched_yield();
      ++stay.turns;
      stay.time = Clock::now() - stay.begin;
    }
    return stay;
  }

  // The whole wait of a thread that holds `mutex`, before it blocks: if it
  // should yield, unlocks, yields until look() is true, locks again, and
  // learns. threads() counts the waiting threads, the caller included; the lock
  // is held during that call.  Returns look().
  template <typename Look, typename Threads>
  bool YieldUnlocked(Mutex* mutex, Deadline deadline, const Look& look,
                     const Threads& threads)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (!ShouldYield(Clock::now(), deadline)) return look();
    mutex->Unlock();
    const Stay stay = YieldUntil(look);
    mutex->Lock();
    const bool found = look();
    Learn(stay, found, threads());
    return found;
  }

  // Records the outcome of a YieldUntil(): whether it `found` what it waited
  // for.  `threads` wait for the same thing, the caller included.
  void Learn(const Stay& stay, bool found, size_t threads);

 private:
  // A turn takes 0.3 us if no other thread wants the processor; longer, at no
  // extra cost, if others run and soon block again; and a time slice of
  // milliseconds if one computes.
  static constexpr int kTurnsMax = 32;
  static constexpr int kSuccessTurnsMax = 16;  // Later is a failure.
  static constexpr auto kTimeMax = std::chrono::microseconds(200);
  static constexpr int kSkipsMax = 64;
  static constexpr auto kSliceMin = std::chrono::milliseconds(1);
  // If it takes longer, the process was stopped.
  static constexpr auto kSliceMax = std::chrono::milliseconds(100);
  static constexpr int kPausePerSlice = 100;

  // Waits that block at once after the last failure, and those still to come.
  int skips_ = 0;
  int skips_left_ = 0;
  Clock::time_point paused_until_ = Clock::time_point::min();
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_ADAPTIVE_YIELD_H_
