// A Slot is a Request with what its queue keeps beside it; a SlotPool makes
// them, each with its buffer.
//
// Threads:   one at a time.
// Ownership: the pool owns slots and buffers until it is destroyed.
// Units:     bytes; each buffer is aligned to kBufferAlignment.
// Bounds:    as many slots as the pool was made for; allocated when asked for,
//            in slabs: kFirstSlabBytes, and then as much again as there is.
// Errors:    nullptr: the bound is reached, or there is no memory.

#ifndef UASIO_ASIO_INTERNAL_SLOT_H_
#define UASIO_ASIO_INTERNAL_SLOT_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "asio/backend.h"
#include "asio/buffer.h"
#include "asio/internal/fd_table.h"
#include "asio/internal/order.h"
#include "asio/request.h"
#include "clists/clist.h"

namespace uasio::internal {

class QueueImpl;

// The life of a request:
//
//         Get            Submit                              Wait, handler
//   kIdle ---> kOwned ----------> kHeld ---> kBacklog ---> kRunning ---> kDone
//     ^          |  ^                                                      |
//     +----------+  +------------------------------------------------------+
//         Put
enum class RequestState : unsigned char {
  // The queue has it for the next Get().  On Queue::idle_.
  kIdle,
  // The user has it, to fill in, or to read the result of.  On no list.
  kOwned,
  // Submitted, and waiting for others on its fd.  On a list of its
  // Descriptor's FileOrder, by order.node; on none of the queue's.
  kHeld,
  // Submitted, and free to start, but depth_max are with the backends, or the
  // rest of its batch is still being looked at.  On Queue::backlog_.
  kBacklog,
  // With a backend, which owns it and its buffer.  On no list of the queue's.
  kRunning,
  // Finished, and waiting for the user.  On Queue::done_, or, with a handler,
  // on Queue::due_.  A finished write-back is kIdle straight away.
  kDone,
};

// What the queue counts a request by, from Submit() until it is back: the
// request's own fields are public, and may have been changed meanwhile.
struct Latch {
  Op op = Op::kNoOp;
  int fd = -1;
  bool sized = true;
  void (*handler)(Request*) = nullptr;
  uint64_t kept = 0;  // By the ledger, under this id; 0: not.

  // Wait() may return it.
  bool IsReturnable() const { return op != Op::kWriteBack && !handler; }
};

struct Slot : Request, OrderNode {
  QueueImpl* queue = nullptr;
  char* own_buffer = nullptr;
  RequestState state = RequestState::kIdle;
  Latch latch;                       // Of the last Submit().
  uint64_t round = 0;                // Of the last Sync() before its Submit().
  Descriptor* descriptor = nullptr;  // While in flight, if it has an fd.
  Backend* backend = nullptr;        // While it is running.
  bool cancel_asked = false;         // Likewise.
  Cnode list_node = {nullptr, nullptr};
};

using SlotList = Clist<Slot, &Slot::list_node>;

class SlotPool {
 public:
  static constexpr size_t kFirstSlabBytes = 64 << 10;

  // Tells `on_slab` of the memory for buffers that it allocates.
  SlotPool(QueueImpl* queue, size_t buffer_bytes, size_t slots_max,
           std::function<void(char*, size_t)> on_slab)
      : queue_(queue),
        buffer_bytes_(buffer_bytes),
        slots_max_(slots_max),
        on_slab_(std::move(on_slab)) {}

  // A new slot in kIdle, on no list.
  Slot* New();

 private:
  bool AddSlab();

  QueueImpl* const queue_;
  const size_t buffer_bytes_;
  const size_t slots_max_;
  const std::function<void(char*, size_t)> on_slab_;
  std::deque<Slot> slots_;
  std::vector<Buffer> slabs_;
  size_t slab_used_ = 0;  // Bytes, of the last slab.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_SLOT_H_
