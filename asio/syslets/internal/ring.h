// A Ring reserves and fills the slots of a user's completion ring.
//
// Threads:   the owner calls HasRoom(), Reserve() and Untaken(); meanwhile
//            workers call Enter() or its halves, and Release(), one at a time
//            under a lock.
// Ownership: the slots are the user's.
// Bounds:    reserved slots plus completions not yet taken: at most as many as
//            the ring has slots.
//
// The user takes a completion by setting its slot to NULL.
//
// A reservation is not for a certain slot: slots are filled in order, as
// syslets end.  The next slot in order is free then, because the user takes
// completions in that order, and no more slots are reserved than the owner has
// seen NULL.

#ifndef UASIO_ASIO_SYSLETS_INTERNAL_RING_H_
#define UASIO_ASIO_SYSLETS_INTERNAL_RING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "asio/syslets/syslet.h"
#include "workqueue/mutex.h"

namespace uasio {
namespace syslets {

class Ring {
 public:
  // REQUIRES: count > 0; all slots are NULL.
  Ring(syslet_uatom** slots, size_t count) : slots_(slots), count_(count) {}

  // Whether a slot can be reserved; true holds until Reserve().  If the ring
  // seems full, locks `entering`, under which workers call Enter(), and looks
  // again: a slot whose completion was taken in the midst of Enter() is free.
  bool HasRoom(Mutex* entering);
  // REQUIRES: HasRoom().
  void Reserve() { claimed_.fetch_add(1, std::memory_order_relaxed); }

  // How many completions have entered and are not yet taken.
  size_t Untaken();

  // How many completions have entered since the beginning.
  uint64_t entered() const { return entered_.load(std::memory_order_acquire); }
  // The value of entered() at which `count` completions are in the ring, if the
  // user takes none meanwhile.
  uint64_t EnteredWhenUntaken(size_t count) const { return taken_ + count; }

  // Each ends one Reserve(): Enter() uses the slot, Release() gives it back.
  void Enter(syslet_uatom* atom) {
    Store(atom);
    Count();
  }
  void Release() { claimed_.fetch_sub(1, std::memory_order_relaxed); }

  // The halves of Enter().  Between them the user may take the atom, although
  // entered() does not yet count it.
  void Store(syslet_uatom* atom);
  void Count();

 private:
  bool SeemsToHaveRoom();

  syslet_uatom** const slots_;
  const size_t count_;
  std::atomic<uint64_t> claimed_{0};  // entered_ plus the slots reserved now.
  std::atomic<uint64_t> entered_{0};  // Modulo count_: the next slot to fill.
  uint64_t taken_ = 0;  // Entered and seen to be NULL again; owner only.
};

}  // namespace syslets
}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_INTERNAL_RING_H_
