#include "asio/internal/slot.h"

#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <utility>

namespace uasio::internal {
namespace {

// Cheap; it advances a few times in 10 ms.
int64_t CoarseNow() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

}  // namespace

SlotPool::SlotPool(QueueImpl* queue, size_t buffer_bytes, size_t slots_max,
                   absl::Duration idle_age, SlotPoolHooks hooks)
    : queue_(queue),
      buffer_bytes_(buffer_bytes),
      slots_max_(slots_max),
      ages_(idle_age < absl::InfiniteDuration()),
      idle_ns_(absl::ToInt64Nanoseconds(
          std::clamp(idle_age, absl::ZeroDuration(), absl::Hours(24 * 365)))),
      hooks_(std::move(hooks)) {}

Slot* SlotPool::New() {
  if (slots_.size() == slots_max_) return nullptr;
  const size_t stride = RoundUp(buffer_bytes_, kBufferAlignment);
  if (slabs_.empty() || slabs_.back().memory.size() - slab_used_ < stride) {
    if (!AddSlab()) return nullptr;
  }
  Slot* slot = &slots_.emplace_back();
  slot->owner = queue_;
  slot->slab = &slabs_.back();
  slot->own_buffer = slabs_.back().memory.data() + slab_used_;
  slab_used_ += stride;
  return slot;
}

void SlotPool::Lend(Slot* slot) {
  Slab* const slab = slot->slab;
  if (slab->released) {
    hooks_.add_buffers(slab->memory.data(), slab->memory.size());
    slab->released = false;
  }
  ++slab->lent;
}

void SlotPool::TakeBack(Slot* slot) {
  Slab* const slab = slot->slab;
  if (--slab->lent == 0 && ages_) slab->idle_since = CoarseNow();
}

size_t SlotPool::ReleaseIdle() {
  size_t bytes = 0;
  for (Slab& slab : slabs_) bytes += Release(&slab);
  return bytes;
}

void SlotPool::ReleaseAgedNow() {
  const int64_t now = CoarseNow();
  if (now < next_look_) return;
  next_look_ = now + idle_ns_ / 4;
  for (Slab& slab : slabs_) {
    if (now - slab.idle_since >= idle_ns_) Release(&slab);
  }
}

// Returns how many bytes; 0 if a slot is lent.
size_t SlotPool::Release(Slab* slab) {
  if (slab->lent > 0 || slab->released) return 0;
  const Buffer& memory = slab->memory;
  if (!hooks_.remove_buffers(memory.data(), memory.size())) return 0;
  slab->released = true;
  const int failed = madvise(memory.data(), memory.size(), MADV_DONTNEED);
  return failed == 0 ? memory.size() : 0;  // Under mlock(2) it stays.
}

bool SlotPool::AddSlab() {
  const size_t stride = RoundUp(buffer_bytes_, kBufferAlignment);
  if (stride < buffer_bytes_) return false;  // RoundUp() overflowed.
  const size_t slots =
      std::min(std::max<size_t>({1, kFirstSlabBytes / stride, slots_.size()}),
               slots_max_ - slots_.size());
  hooks_.reserve(slots_.size() + slots);
  Buffer memory = Buffer::Allocate(slots * stride);
  if (memory.empty()) return false;
  Slab& slab = slabs_.emplace_back();
  try {
    hooks_.add_buffers(memory.data(), memory.size());
  } catch (...) {
    slabs_.pop_back();
    throw;
  }
  slab.memory = std::move(memory);
  slab_used_ = 0;
  return true;
}

}  // namespace uasio::internal
