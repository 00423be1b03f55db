// A Ring is the user's completion ring: who may put something into it, and
// where.
//
// Threads:   the owner: HasRoom(), Reserve(), Waiting(); workers, one at a
//            time, under a lock: Enter() or its halves, Release(); at the same
//            time.
// Ownership: the slots are the user's.
// Bounds:    entered and not yet NULLed, plus reserved: as many as slots.
//
// Slots are filled in turn, when syslets end, so a reservation is of any slot.
// That one is free by then: no more are reserved than the owner has seen NULL,
// and the user NULLs them in the order in which they were filled.

#ifndef UASIO_ASIO_SYSLETS_RING_H_
#define UASIO_ASIO_SYSLETS_RING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "asio/syslets/syslet.h"
#include "workqueue/mutex.h"

namespace uasio {

class Ring {
 public:
  // REQUIRES: count > 0; all are NULL.
  Ring(syslet_uatom** slots, size_t count) : slots_(slots), count_(count) {}

  // Whether a slot can be reserved: nobody else takes it meanwhile.  Who has
  // taken an atom has its room, also while it is being entered, which is done
  // under `entering`: that is only taken where there seems to be none.
  bool HasRoom(Mutex* entering);
  // REQUIRES: HasRoom().
  void Reserve() { claimed_.fetch_add(1, std::memory_order_relaxed); }

  // How many are entered that the user has not NULLed.
  size_t Waiting();

  // How many have been entered, since the beginning: now, and by the time when
  // `more` than those that the user has NULLed by the last Waiting() are.
  uint64_t entered() const { return entered_.load(std::memory_order_acquire); }
  uint64_t EnteredWhenWaiting(size_t more) const { return taken_ + more; }

  // Each for one Reserve(): uses it, or gives it back.
  void Enter(syslet_uatom* atom) {
    Store(atom);
    Count();
  }
  void Release() { claimed_.fetch_sub(1, std::memory_order_relaxed); }

  // The halves of Enter(): after the first the user may take the atom, which is
  // not yet counted.
  void Store(syslet_uatom* atom);
  void Count();

 private:
  bool SeemsToHaveRoom();

  syslet_uatom** const slots_;
  const size_t count_;
  std::atomic<uint64_t> claimed_{0};  // Entered ever, and reserved now.
  std::atomic<uint64_t> entered_{0};  // Ever; the next one's slot, round it.
  uint64_t taken_ = 0;  // Seen NULL again, of those entered; the owner's.
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_RING_H_
