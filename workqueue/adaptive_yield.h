// An AdaptiveYield decides whether a thread that has to wait first gives way to
// others and looks again, a number of times, before it blocks: to block and be
// woken costs as much on both sides, and more where a processor has gone idle.
//
// Where what it waits for comes late all the same, the following waits block at
// once, twice as many each time: those who wait for long pay next to nothing.
// Who gives way to somebody who computes gets the processor back a time slice
// later, while a thread that was blocked is given it when it is woken.  So then
// nobody lingers for a time, of which all such slices are the hundredth part,
// counting the time of all threads that wait for the like.
//
// Threads:   all but YieldUntil() under the lock of its owner.
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

  // How long a thread has lingered.
  struct Stay {
    Clock::time_point begin;
    Clock::duration time = Clock::duration::zero();
    int turns = 0;
  };

  // Whether a wait that begins `now` should yield.
  bool ShouldYield(Clock::time_point now, Deadline deadline);

  // Gives way until look() answers true, or for as long as it may pay.
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

  // All of it for a thread that holds `mutex`: where it should yield, unlocks,
  // yields until look() answers true, locks again and learns.  threads() is
  // called with the lock held, and counts those that wait for the like.
  // Returns look().
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

  // Learns from a stay whether the next ones will pay: it has `found` what it
  // waited for, or not, and was one of `threads` that wait for the like.
  void Learn(const Stay& stay, bool found, size_t threads);

 private:
  // A turn takes 0.3 us if nobody else wants the processor.  It takes longer,
  // and costs no more, if threads do that soon block again; and a time slice of
  // milliseconds if one computes.
  static constexpr int kTurnsMax = 32;
  static constexpr int kTurnsWorth = 16;
  static constexpr auto kTimeMax = std::chrono::microseconds(200);
  static constexpr int kSkipsMax = 64;
  static constexpr auto kSliceMin = std::chrono::milliseconds(1);
  static constexpr auto kSliceMax = std::chrono::milliseconds(100);  // Stopped.
  static constexpr int kTimeToSlices = 100;

  // How many waits do not linger after a vain one, and still are not to.
  int skips_ = 0;
  int skips_left_ = 0;
  Clock::time_point not_before_ = Clock::time_point::min();
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_ADAPTIVE_YIELD_H_
