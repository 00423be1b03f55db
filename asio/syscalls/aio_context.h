// An AioContext is a context of the kernel's own asynchronous I/O (KAIO), by
// raw system calls: libc has none.
//
// Threads:   one at a time.
// Ownership: it owns the context.  The destructor waits for what is in flight,
//            and for the kernel's readers (RCU), which takes some milliseconds.
//            A forked child has no contexts of its parent.
// Source:    io_setup(2), io_submit(2), io_getevents(2), <linux/aio_abi.h>.
// Errors:    -errno; EINTR from GetEvents() only.
//
// Completions are read without a system call from the ring that the kernel maps
// into the process, if the ring has the known layout.
//
// No compiled part of Abseil is used here.

#ifndef UASIO_ASIO_SYSCALLS_AIO_CONTEXT_H_
#define UASIO_ASIO_SYSCALLS_AIO_CONTEXT_H_

#include <linux/aio_abi.h>
#include <time.h>

#include <cstddef>
#include <cstdint>

#include "asio/syscalls/aio_ring.h"
#include "workqueue/owner.h"

namespace uasio {

class AioContext {
 public:
  // For `events` in flight.  Returns 0 or an errno: EAGAIN if fs.aio-max-nr
  // leaves no room for so many.
  int Create(unsigned events);
  AioContext() = default;
  ~AioContext();

  AioContext(const AioContext&) = delete;
  AioContext& operator=(const AioContext&) = delete;

  bool has_ring() const { return ring_ != nullptr; }

  // As if the ring's layout were unknown: for tests.
  void ForgetRing() { ring_ = nullptr; }

  // Returns how many were submitted: an error concerns the first iocb only.
  long Submit(iocb** iocbs, size_t count);

  // Waits for `min` completions, for as long as `timeout` (nullptr: for ever),
  // and returns how many, up to `max`, it has put into `out`.
  long GetEvents(size_t min, size_t max, io_event* out, timespec* timeout);

  // Calls handle(event) for up to `max` completions in the ring.  Returns how
  // many these were.
  // REQUIRES: has_ring().
  template <typename Handle>
  size_t ReapRing(size_t max, const Handle& handle) {
    size_t count = 0;
    uint32_t head = ring_->head.load(std::memory_order_relaxed);
    const uint32_t tail = ring_->tail.load(std::memory_order_acquire);
    while (head != tail && count < max) {
      handle(ring_->events()[head]);
      head = head + 1 == ring_->nr ? 0 : head + 1;
      ++count;
    }
    if (count > 0) ring_->head.store(head, std::memory_order_release);
    return count;
  }

  // Asks that it complete early.
  void Cancel(iocb* submitted);

 private:
  const Owner owner_;
  aio_context_t context_ = 0;
  AioRing* ring_ = nullptr;  // nullptr: its layout is unknown.
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_AIO_CONTEXT_H_
