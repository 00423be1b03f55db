#include "asio/syscalls/fd_users.h"

#include <pthread.h>

#include <new>

namespace uasio {
namespace {

constexpr size_t kChunkFds = 256;

struct alignas(64) Counter {
  FdUsers users{0};
};

struct Chunk {
  Counter counters[kChunkFds];
};

std::atomic<Chunk*> chunks[kFdsMax / kChunkFds];

// In a forked child, which has one thread.
void Reset() {
  for (const std::atomic<Chunk*>& entry : chunks) {
    Chunk* chunk = entry.load(std::memory_order_relaxed);
    if (chunk == nullptr) continue;
    for (Counter& counter : chunk->counters) {
      if (counter.users.load(std::memory_order_relaxed) != 0) counter.users = 0;
    }
  }
}

const int registered = pthread_atfork(nullptr, nullptr, &Reset);

// Two threads may make one each; the second destroys its own.
Chunk* MakeChunk(std::atomic<Chunk*>* entry) {
  Chunk* made = new (std::nothrow) Chunk();
  Chunk* current = nullptr;
  if (made == nullptr || entry->compare_exchange_strong(current, made)) {
    return made;
  }
  delete made;
  return current;
}

}  // namespace

FdUsers* GetFdUsers(int fd) {
  static_cast<void>(registered);
  const size_t number = static_cast<unsigned>(fd);
  if (number >= kFdsMax) return nullptr;
  std::atomic<Chunk*>& entry = chunks[number / kChunkFds];
  Chunk* chunk = entry.load(std::memory_order_acquire);
  if (chunk == nullptr) chunk = MakeChunk(&entry);
  if (chunk == nullptr) return nullptr;
  return &chunk->counters[number % kChunkFds].users;
}

bool HasFdUsers(int fd) {
  const size_t number = static_cast<unsigned>(fd);
  if (number >= kFdsMax) return false;
  const Chunk* chunk =
      chunks[number / kChunkFds].load(std::memory_order_acquire);
  if (chunk == nullptr) return false;
  return chunk->counters[number % kChunkFds].users.load(
             std::memory_order_relaxed) > 0;
}

}  // namespace uasio
