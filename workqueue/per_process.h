// A PerProcess<T> is the T of this process: made at the first use, never
// destroyed, and made anew in a forked child, whose inherited T lacks its
// threads and may hold locks that nobody will release.
//
// Threads:   any.  It takes no lock, which a fork could leave locked.
// Ownership: the process's; a T is reachable for ever, so that leak checkers do
//            not report it.
//
//   PerProcess<Pool> pool;
//   pool.Get()->Submit(work);

#ifndef UASIO_WORKQUEUE_PER_PROCESS_H_
#define UASIO_WORKQUEUE_PER_PROCESS_H_

#include <atomic>

#include "workqueue/owner.h"

namespace uasio {

template <typename T>
class PerProcess {
 public:
  // Makes it if need be.  Two threads may make one each; the one that comes
  // second destroys its own, unused.
  T* Get() {
    Instance* current = instance_.load(std::memory_order_acquire);
    while (current == nullptr || !current->owner.IsThisProcess()) {
      Instance* made = new Instance(current);
      if (instance_.compare_exchange_strong(current, made)) return &made->value;
      delete made;
    }
    return &current->value;
  }

  // nullptr: this process has none yet.
  T* GetIfMade() {
    Instance* current = instance_.load(std::memory_order_acquire);
    const bool ours = current != nullptr && current->owner.IsThisProcess();
    return ours ? &current->value : nullptr;
  }

 private:
  struct Instance {
    explicit Instance(Instance* parents_instance)
        : inherited(parents_instance) {}

    Instance* const inherited;
    const Owner owner;
    T value;
  };

  std::atomic<Instance*> instance_{nullptr};
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_PER_PROCESS_H_
