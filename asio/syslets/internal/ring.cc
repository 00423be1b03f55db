#include "asio/syslets/internal/ring.h"

namespace uasio {
namespace syslets {

bool Ring::HasRoom(Mutex* entering) {
  if (SeemsToHaveRoom()) return true;
  MutexLock lock(entering);
  return SeemsToHaveRoom();
}

bool Ring::SeemsToHaveRoom() {
  const auto full = [this] {
    return claimed_.load(std::memory_order_relaxed) - taken_ >= count_;
  };
  if (full()) Untaken();
  return !full();
}

size_t Ring::Untaken() {
  const uint64_t end = entered();
  while (taken_ < end && __atomic_load_n(&slots_[taken_ % count_],
                                         __ATOMIC_ACQUIRE) == nullptr) {
    ++taken_;
  }
  return static_cast<size_t>(end - taken_);
}

void Ring::Store(syslet_uatom* atom) {
  const uint64_t at = entered_.load(std::memory_order_relaxed);
  __atomic_store_n(&slots_[at % count_], atom, __ATOMIC_RELEASE);
}

void Ring::Count() { entered_.fetch_add(1, std::memory_order_release); }

}  // namespace syslets
}  // namespace uasio
