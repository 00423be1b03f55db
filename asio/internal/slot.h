// A Slot is a Request and what its queue stores beside it.  A SlotPool
// allocates slots, each with its buffer.
//
// Threads:   one at a time.
// Ownership: the pool owns slots and buffers until it is destroyed.
// Units:     bytes; each buffer is aligned to kBufferAlignment.
// Bounds:    slots_max slots.  Buffers are allocated when needed, in slabs: the
//            first of kFirstSlabBytes, each further one doubles the total.
// Errors:    New() returns nullptr, or throws std::bad_alloc; then nothing has
//            changed.

#ifndef UASIO_ASIO_INTERNAL_SLOT_H_
#define UASIO_ASIO_INTERNAL_SLOT_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
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
//
// In SubmitAndWait(), kInline may stand for both kBacklog and kRunning.
enum class RequestState : unsigned char {
  // Free for the next Get().  On QueueImpl::idle_.
  kIdle,
  // The user fills it in, or reads its result.  On no list.
  kOwned,
  // Submitted; waits for others on its fd.  On a list of its Descriptor's
  // FileOrder, by OrderNode::node; on no list of the queue.
  kHeld,
  // Submitted, and may start, but depth_max are with the backends, or its batch
  // is not complete yet.  On QueueImpl::backlog_.
  kBacklog,
  // Submitted, and may start: SubmitAndWait() performs it in the queue's
  // thread.  On no list.
  kInline,
  // With a backend, which owns it and its buffer.  On no list of the queue.
  kRunning,
  // Completed; waits for the user.  On QueueImpl::due_ if it has a handler,
  // else on QueueImpl::done_.  A completed write-back goes to kIdle directly.
  kDone,
};

inline bool IsInFlight(RequestState state) {
  return state == RequestState::kHeld || state == RequestState::kBacklog ||
         state == RequestState::kInline || state == RequestState::kRunning;
}

// The request as it was at Submit(); `transferred` is what has been done since.
// The queue routes and counts the request, and keeps its error, by these fields
// until it is back, because the caller may change the request's own fields,
// which are public.
struct Latch : Request {
  uint64_t kept = 0;  // The id of its error in the ledger; 0: not kept.

  // Wait() may return it.
  bool IsReturnable() const { return op != Op::kWriteBack && !handler; }
};

struct Slot : Request, OrderNode {
  QueueImpl* owner = nullptr;  // Request::queue can be changed by the user.
  char* own_buffer = nullptr;
  RequestState state = RequestState::kIdle;
  Latch latch;                       // Set by the last Submit().
  uint64_t round = 0;                // QueueImpl::round_ at its Submit().
  int64_t submitted_at = 0;          // QueueImpl::now_ at its Submit().
  Descriptor* descriptor = nullptr;  // Set in flight, except for a no-op.
  absl::AnyInvocable<void(Request*)> closure;  // Set until it is called.
  Backend* backend = nullptr;                  // Set while it is running.
  bool cancel_asked = false;                   // Router::Cancel() was called.
  bool inlined = false;                        // Once it may start, it is
                                               // kInline.
  Cnode list_node = {nullptr, nullptr};
};

// Undoes what has been changed since Submit(), except for the result.
inline void RestoreAsSubmitted(Slot* slot) {
  slot->latch.result = slot->result;
  static_cast<Request&>(*slot) = slot->latch;
}

using SlotList = Clist<Slot, &Slot::list_node>;

class SlotPool {
 public:
  static constexpr size_t kFirstSlabBytes = 64 << 10;

  // Calls reserve(n) before there are n slots, and on_slab(data, size) for each
  // slab that it allocates.  Both may throw std::bad_alloc.
  SlotPool(QueueImpl* queue, size_t buffer_bytes, size_t slots_max,
           std::function<void(size_t)> reserve,
           std::function<void(char*, size_t)> on_slab)
      : queue_(queue),
        buffer_bytes_(buffer_bytes),
        slots_max_(slots_max),
        reserve_(std::move(reserve)),
        on_slab_(std::move(on_slab)) {}

  // A new slot in kIdle, on no list.  nullptr if there are slots_max, or if
  // there is no memory for a slab.
  Slot* New();

  size_t size() const { return slots_.size(); }

  std::deque<Slot>::iterator begin() { return slots_.begin(); }
  std::deque<Slot>::iterator end() { return slots_.end(); }
  std::deque<Slot>::const_iterator begin() const { return slots_.begin(); }
  std::deque<Slot>::const_iterator end() const { return slots_.end(); }

 private:
  bool AddSlab();

  QueueImpl* const queue_;
  const size_t buffer_bytes_;
  const size_t slots_max_;
  const std::function<void(size_t)> reserve_;
  const std::function<void(char*, size_t)> on_slab_;
  std::deque<Slot> slots_;
  std::vector<Buffer> slabs_;
  size_t slab_used_ = 0;  // Bytes used of the last slab.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_SLOT_H_
