// A Ring holds finished requests in memory that the client may read, and take
// them from, without a call.
//
// Threads:   the caller serialises, but for the client, who reads, and moves
//            the head, whenever he likes.
// Ownership: the memory is mapped and unmapped by the ring.
// Layout:    the kernel's, struct aio_ring in fs/aio.c, magic 0xa10a10a1.
// Errors:    none; what the client writes there confuses nobody but him: the
//            tail and the size are kept elsewhere as well, the head is taken
//            modulo the size.

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
  // For at least `capacity` events, which are rounded up to whole pages.
  explicit Ring(uint32_t capacity);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // False: there is no memory for it, and nothing else may be called.
  bool ok() const { return header_ != nullptr; }

  // The address, which is what the client calls the context.
  aio_context_t id() const { return reinterpret_cast<aio_context_t>(header_); }

  // How many fit, and how many are in it.
  uint32_t capacity() const { return nr_ - 1; }
  uint32_t size() const;

  // REQUIRES: it is not full, unless the client has moved the head back, who
  // then loses events.
  void Put(const io_event& event);

  // Moves the oldest, `max` at the most, to the client's memory at `to`.
  // Returns how many; or -EFAULT, and nothing is taken.
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
