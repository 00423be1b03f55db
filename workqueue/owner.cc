#include "workqueue/owner.h"

#include <atomic>

namespace uasio {
namespace {

std::atomic<uint64_t> generation{0};

// Registered when the library is loaded, before any Owner can exist.
const int registered =
    pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1); });

}  // namespace

uint64_t Owner::ProcessGeneration() noexcept {
  static_cast<void>(registered);
  return generation.load(std::memory_order_relaxed);
}

}  // namespace uasio
