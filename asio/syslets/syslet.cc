// The map of this folder: syslet.h is the interface in C; builder.h makes
// programs and executes them, in C++.  In internal/, calls.h classifies system
// calls; attempts.h makes those that cannot block; program.h checks and runs
// atoms; ring.h is the completion ring; head.h executes syslets for one thread.
//
// This file has each thread's head, and the pool that all heads share.

#include "asio/syslets/syslet.h"

#include <errno.h>

#include <cstdint>
#include <new>

#include "asio/syslets/internal/head.h"
#include "workqueue/per_process.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace syslets {
namespace {

WorkerPoolOptions PoolOptions() {
  WorkerPoolOptions options;
  options.threads_max = SYSLET_THREADS_MAX;
  options.thread_name = "uasio-syslet";
  return options;
}

struct SharedPool {
  WorkerPool pool{PoolOptions()};
};

WorkerPool* Pool() {
  static PerProcess<SharedPool> shared;
  return &shared.Get()->pool;
}

// Owns a thread's head.  In a forked child it leaks the parent's head, whose
// destructor would wait for workers that do not exist there.
class HeadOfThread {
 public:
  ~HeadOfThread() { Drop(); }

  Head* get() {
    if (head_ != nullptr && !head_->IsThisProcess()) head_ = nullptr;
    return head_;
  }
  void Set(Head* head) { head_ = head; }
  void Drop() {
    delete get();
    head_ = nullptr;
  }

 private:
  Head* head_ = nullptr;
};

thread_local HeadOfThread head_of_thread;

}  // namespace
}  // namespace syslets
}  // namespace uasio

using uasio::syslets::Head;
using uasio::syslets::head_of_thread;

long syslet_register(struct async_head_user* head) {
  if (head_of_thread.get() != nullptr) return -EEXIST;
  if (const long error = Head::Check(head)) return error;
  try {
    head_of_thread.Set(new Head(head, uasio::syslets::Pool()));
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
  return 0;
}

long syslet_unregister() {
  if (head_of_thread.get() == nullptr) return -ENXIO;
  head_of_thread.Drop();
  return 0;
}

struct syslet_uatom* syslet_exec(struct syslet_uatom* atom) {
  Head* head = head_of_thread.get();
  if (head == nullptr) return reinterpret_cast<syslet_uatom*>(-long{ENXIO});
  return head->Exec(atom);
}

long syslet_wait(unsigned long min) {
  Head* head = head_of_thread.get();
  return head == nullptr ? -ENXIO : static_cast<long>(head->Wait(min));
}

long syslet_event_fd() {
  Head* head = head_of_thread.get();
  return head == nullptr ? -ENXIO : head->EventFd();
}

long syslet_set_atoms_max(unsigned long atoms_max) {
  Head* head = head_of_thread.get();
  if (head == nullptr) return -ENXIO;
  if (atoms_max == 0) return -EINVAL;
  head->SetAtomsMax(atoms_max);
  return 0;
}

long syslet_umem_add(unsigned long* number, unsigned long increment) {
  if (number == nullptr) return -EFAULT;
  if (reinterpret_cast<uintptr_t>(number) % alignof(unsigned long) != 0) {
    return -EINVAL;
  }
  return static_cast<long>(
      __atomic_add_fetch(number, increment, __ATOMIC_SEQ_CST));
}
