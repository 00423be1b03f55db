#include "asio/testing/memory_end.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace uasio {
namespace {

thread_local int allocations_left = MemoryEnd::kUnlimited;
thread_local bool met = false;

void* Allocate(size_t bytes) {
  if (allocations_left == 0) return met = true, nullptr;
  if (allocations_left > 0) --allocations_left;
  return std::malloc(bytes);
}

}  // namespace

MemoryEnd::MemoryEnd(int left) {
  allocations_left = left;
  met = false;
}

MemoryEnd::~MemoryEnd() { Lift(); }

void MemoryEnd::Lift() const { allocations_left = kUnlimited; }

bool MemoryEnd::WasMet() const { return met; }

}  // namespace uasio

void* operator new(size_t bytes) {
  void* memory = uasio::Allocate(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return uasio::Allocate(bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
