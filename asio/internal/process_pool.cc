#include "asio/internal/process_pool.h"

#include <utility>

#include "workqueue/mutex.h"
#include "workqueue/per_process.h"

namespace uasio::internal {
namespace {

struct Shared {
  Mutex mutex;
  std::weak_ptr<WorkerPool> pool ABSL_GUARDED_BY(mutex);
};

PerProcess<Shared> shared;

}  // namespace

std::shared_ptr<WorkerPool> GetProcessPool() {
  Shared* const process = shared.Get();
  MutexLock lock(&process->mutex);
  std::shared_ptr<WorkerPool> pool = process->pool.lock();
  if (pool != nullptr) return pool;
  WorkerPoolOptions options;
  options.threads_max = kProcessThreadsMax;
  pool = std::make_shared<WorkerPool>(std::move(options));
  process->pool = pool;
  return pool;
}

}  // namespace uasio::internal
