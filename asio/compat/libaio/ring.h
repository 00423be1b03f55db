// A Ring holds events in memory that the client may access, so the client can
// reap them without a call.
//
// Threads:   the caller serialises; the client may read the memory and move the
//            head at any time.
// Ownership: the ring maps and unmaps the memory.
// Layout:    the kernel's, struct aio_ring in fs/aio.c, magic 0xa10a10a1.
// Errors:    none.  Whatever the client writes there, the ring stays within its
//            memory: it keeps tail and size elsewhere as well, and takes the
//            head modulo the size.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_RING_H_
#define UASIO_ASIO_COMPAT_LIBAIO_RING_H_

#include <linux/aio_abi.h>

#include <cstddef>
#include <cstdint>

#include "asio/syscalls/aio_ring.h"

namespace uasio {
namespace libaio {

class Ring {
 public:
  // Has room for at least `capacity` events; rounds up to whole pages.
  explicit Ring(uint32_t capacity);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // False: out of memory; call nothing else.
  bool ok() const { return header_ != nullptr; }

  // The address of the ring: the client's aio_context_t.
  aio_context_t id() const { return reinterpret_cast<aio_context_t>(header_); }

  uint32_t capacity() const { return nr_ - 1; }
  uint32_t size() const;

  // REQUIRES: the ring is not full.  A client that moves the head back may fill
  // it all the same, and then loses events.
  void Put(const io_event& event);

  // Moves up to `max` of the oldest events to the client's memory at `to`.
  // Returns their number, or -EFAULT, and then takes none.
  int64_t Take(io_event* to, int64_t max);

 private:
  uint32_t head() const;
  io_event* events() const { return header_->events(); }

  const size_t bytes_;
  const uint32_t nr_;
  AioRing* const header_;
  uint32_t tail_ = 0;
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_RING_H_
