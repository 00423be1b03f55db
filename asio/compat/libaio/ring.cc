#include "asio/compat/libaio/ring.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "asio/compat/libaio/user_memory.h"

namespace uasio {
namespace libaio {
namespace {

size_t BytesFor(uint32_t capacity) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t bytes =
      sizeof(AioRing) + (size_t{capacity} + 1) * sizeof(io_event);
  return (bytes + page - 1) / page * page;
}

// Private anonymous memory: the kernel merges neighbouring mappings, so many
// contexts do not exhaust vm.max_map_count.
AioRing* Map(size_t bytes, uint32_t nr) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  return new (memory)
      AioRing{0, nr, {0}, {0}, kAioRingMagic, 1, 0, sizeof(AioRing)};
}

}  // namespace

Ring::Ring(uint32_t capacity)
    : bytes_(BytesFor(capacity)),
      nr_(static_cast<uint32_t>((bytes_ - sizeof(AioRing)) / sizeof(io_event))),
      header_(Map(bytes_, nr_)) {}

Ring::~Ring() {
  if (ok()) munmap(header_, bytes_);
}

uint32_t Ring::head() const {
  return header_->head.load(std::memory_order_acquire) % nr_;
}

uint32_t Ring::size() const { return (tail_ + nr_ - head()) % nr_; }

void Ring::Put(const io_event& event) {
  events()[tail_] = event;
  tail_ = (tail_ + 1) % nr_;
  header_->tail.store(tail_, std::memory_order_release);
}

int64_t Ring::Take(io_event* to, int64_t max) {
  const uint32_t first = head();
  const uint32_t count = static_cast<uint32_t>(
      std::min<int64_t>((tail_ + nr_ - first) % nr_, max));
  const uint32_t before_end = std::min(count, nr_ - first);
  if (!CopyOut(to, events() + first, before_end * sizeof(io_event)) ||
      !CopyOut(to + before_end, events(),
               (count - before_end) * sizeof(io_event))) {
    return -EFAULT;
  }
  if (count > 0) {
    header_->head.store((first + count) % nr_, std::memory_order_release);
  }
  return count;
}

}  // namespace libaio
}  // namespace uasio
