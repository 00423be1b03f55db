// A ContextTable maps context ids to contexts.  An id is an address that the
// client passes; the table never reads the memory there.
//
// Threads:   any.
// Ownership: shared by the table and the calls that run.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_CONTEXT_TABLE_H_
#define UASIO_ASIO_COMPAT_LIBAIO_CONTEXT_TABLE_H_

#include <linux/aio_abi.h>

#include <array>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "asio/compat/libaio/context.h"
#include "workqueue/mutex.h"

namespace uasio {
namespace libaio {

class ContextTable {
 public:
  using Pointer = std::shared_ptr<Context>;

  void Add(Pointer context);

  // nullptr: no context has this id.
  Pointer Find(aio_context_t id);
  Pointer Remove(aio_context_t id);

  std::vector<Pointer> All();

 private:
  // Several locks, so that calls on different contexts rarely share one.
  struct Shard {
    Mutex mutex;
    std::unordered_map<aio_context_t, Pointer> contexts ABSL_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 16;

  // An id is a multiple of the page size.
  Shard* ShardOf(aio_context_t id) { return &shards_[(id >> 12) % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_CONTEXT_TABLE_H_
