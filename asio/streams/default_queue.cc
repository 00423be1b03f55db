#include "asio/streams/default_queue.h"

#include <sys/types.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "asio/backends/table.h"

namespace uasio {
namespace {

// On the workers alone if there is no fd left for another backend's eventfd.
std::unique_ptr<Queue> NewDefaultQueue() {
  const QueueOptions options = DefaultQueueOptions();
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      Queue::Create(options, NewAutoBackend(options.depth_max).backend);
  return queue.ok() ? *std::move(queue) : std::make_unique<Queue>(options);
}

// Owns the queue of a thread.  A forked child can neither use nor destroy the
// queue of its parent: it leaks that one, and gets its own.
class QueueHolder {
 public:
  ~QueueHolder() {
    if (process_ != getpid()) static_cast<void>(queue_.release());
  }

  Queue* queue() {
    if (process_ != getpid()) {
      static_cast<void>(queue_.release());
      process_ = getpid();
      queue_ = NewDefaultQueue();
    }
    return queue_.get();
  }

 private:
  pid_t process_ = -1;
  std::unique_ptr<Queue> queue_;
};

}  // namespace

QueueOptions DefaultQueueOptions() {
  QueueOptions options;
  options.buffer_bytes = 256 << 10;
  return options;
}

Queue* DefaultQueue() {
  static thread_local QueueHolder holder;
  return holder.queue();
}

}  // namespace uasio
