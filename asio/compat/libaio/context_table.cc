#include "asio/compat/libaio/context_table.h"

#include <utility>

namespace uasio {
namespace libaio {

void ContextTable::Add(Pointer context) {
  const aio_context_t id = context->id();
  Shard* const shard = ShardOf(id);
  MutexLock lock(&shard->mutex);
  shard->contexts[id] = std::move(context);
}

ContextTable::Pointer ContextTable::Find(aio_context_t id) {
  Shard* const shard = ShardOf(id);
  MutexLock lock(&shard->mutex);
  const auto found = shard->contexts.find(id);
  return found == shard->contexts.end() ? nullptr : found->second;
}

ContextTable::Pointer ContextTable::Remove(aio_context_t id) {
  Shard* const shard = ShardOf(id);
  MutexLock lock(&shard->mutex);
  const auto found = shard->contexts.find(id);
  if (found == shard->contexts.end()) return nullptr;
  Pointer context = std::move(found->second);
  shard->contexts.erase(found);
  return context;
}

std::vector<ContextTable::Pointer> ContextTable::All() {
  std::vector<Pointer> all;
  for (Shard& shard : shards_) {
    MutexLock lock(&shard.mutex);
    for (const auto& entry : shard.contexts) all.push_back(entry.second);
  }
  return all;
}

}  // namespace libaio
}  // namespace uasio
