// A Slot is a Request and what its queue stores beside it.  A SlotPool
// allocates slots, each with its buffer.
//
// Threads:   one at a time.
// Ownership: the pool owns slots and buffers until it is destroyed.
// Units:     bytes; each buffer is aligned to kBufferAlignment.
// Bounds:    slots_max slots.  Buffers are allocated when needed, in slabs: the
//            first of kFirstSlabBytes, each further one doubles the total.  A
//            slab whose slots are all idle may give its memory back, and keeps
//            its addresses.
// Errors:    New() returns nullptr, or throws std::bad_alloc, as Lend() may;
//            then nothing has changed.

#ifndef UASIO_ASIO_INTERNAL_SLOT_H_
#define UASIO_ASIO_INTERNAL_SLOT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
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

// Memory for the buffers of some slots.
struct Slab {
  Buffer memory;
  size_t lent = 0;         // How many of its slots are.
  bool released = false;   // The memory is the kernel's until a slot is lent.
  int64_t idle_since = 0;  // By the coarse clock, if idle buffers have an age.
};

struct Slot : Request, OrderNode {
  QueueImpl* owner = nullptr;  // Request::queue can be changed by the user.
  Slab* slab = nullptr;
  char* own_buffer = nullptr;
  RequestState state = RequestState::kIdle;
  Latch latch;                       // Set by the last Submit().
  uint64_t round = 0;                // QueueImpl::round_ at its Submit().
  int64_t submitted_at = 0;          // QueueImpl::now_ at its Submit().
  uint64_t submit = 0;               // QueueImpl::submit_ in its Submit().
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

// What a SlotPool calls.  The first two may throw std::bad_alloc.
struct SlotPoolHooks {
  std::function<void(size_t)> reserve;  // Before there are so many slots.
  std::function<void(char*, size_t)> add_buffers;     // See Backend.
  std::function<bool(char*, size_t)> remove_buffers;  // See Backend.
};

class SlotPool {
 public:
  static constexpr size_t kFirstSlabBytes = 64 << 10;

  // ReleaseAged() releases slabs that are idle for `idle_age`.
  SlotPool(QueueImpl* queue, size_t buffer_bytes, size_t slots_max,
           absl::Duration idle_age, SlotPoolHooks hooks);

  // A new slot in kIdle, on no list.  nullptr if there are slots_max, or if
  // there is no memory for a slab.
  Slot* New();

  // The slot leaves kIdle, or enters it.  Lend() may throw std::bad_alloc.
  void Lend(Slot* slot);
  void TakeBack(Slot* slot);

  // Gives the memory of slabs back whose slots are all idle.  Returns how many
  // bytes.
  size_t ReleaseIdle();

  // The same for slabs that are idle for idle_age.  Looks at most four times in
  // that time.
  void ReleaseAged() {
    if (ages_) ReleaseAgedNow();
  }

  size_t size() const { return slots_.size(); }

  std::deque<Slot>::iterator begin() { return slots_.begin(); }
  std::deque<Slot>::iterator end() { return slots_.end(); }
  std::deque<Slot>::const_iterator begin() const { return slots_.begin(); }
  std::deque<Slot>::const_iterator end() const { return slots_.end(); }

 private:
  bool AddSlab();
  size_t Release(Slab* slab);
  void ReleaseAgedNow();

  QueueImpl* const queue_;
  const size_t buffer_bytes_;
  const size_t slots_max_;
  const bool ages_;        // idle_age is finite.
  const int64_t idle_ns_;  // It, in nanoseconds.
  int64_t next_look_ = 0;
  const SlotPoolHooks hooks_;
  std::deque<Slot> slots_;
  std::deque<Slab> slabs_;
  size_t slab_used_ = 0;  // Bytes used of the last slab.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_SLOT_H_
