#include "asio/internal/slot.h"

#include <algorithm>
#include <utility>

namespace uasio::internal {

Slot* SlotPool::New() {
  if (slots_.size() == slots_max_) return nullptr;
  const size_t stride = RoundUp(buffer_bytes_, kBufferAlignment);
  if (slabs_.empty() || slabs_.back().size() - slab_used_ < stride) {
    if (!AddSlab()) return nullptr;
  }
  Slot* slot = &slots_.emplace_back();
  slot->owner = queue_;
  slot->own_buffer = slabs_.back().data() + slab_used_;
  slab_used_ += stride;
  return slot;
}

bool SlotPool::AddSlab() {
  const size_t stride = RoundUp(buffer_bytes_, kBufferAlignment);
  if (stride < buffer_bytes_) return false;  // RoundUp() overflowed.
  const size_t slots =
      std::min(std::max<size_t>({1, kFirstSlabBytes / stride, slots_.size()}),
               slots_max_ - slots_.size());
  reserve_(slots_.size() + slots);
  slabs_.reserve(slabs_.size() + 1);
  Buffer slab = Buffer::Allocate(slots * stride);
  if (slab.empty()) return false;
  on_slab_(slab.data(), slab.size());
  slabs_.push_back(std::move(slab));
  slab_used_ = 0;
  return true;
}

}  // namespace uasio::internal
