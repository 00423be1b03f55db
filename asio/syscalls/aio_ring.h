// What the kernel maps at the address that io_setup(2) returns: a ring of
// completions, behind this header.
//
// Source:    struct aio_ring in the kernel's fs/aio.c.
// Order:     the kernel writes the events, then `tail` with release; whoever
//            reaps them writes `head`.

#ifndef UASIO_ASIO_SYSCALLS_AIO_RING_H_
#define UASIO_ASIO_SYSCALLS_AIO_RING_H_

#include <linux/aio_abi.h>

#include <atomic>
#include <cstdint>

namespace uasio {

inline constexpr uint32_t kAioRingMagic = 0xa10a10a1;

struct AioRing {
  uint32_t id;
  uint32_t nr;                 // Of events; one is always free.
  std::atomic<uint32_t> head;  // The next to be reaped.
  std::atomic<uint32_t> tail;  // The next to be filled.
  uint32_t magic;              // kAioRingMagic.
  uint32_t compatible_features;
  uint32_t incompatible_features;  // 0: the layout is this one.
  uint32_t header_bytes;           // sizeof(AioRing).

  io_event* events() { return reinterpret_cast<io_event*>(this + 1); }
};
static_assert(sizeof(AioRing) == sizeof(io_event), "not the kernel's layout");

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_AIO_RING_H_
