#include "asio/streams/default_queue.h"

#include "absl/status/statusor.h"
#include "asio/backends/table.h"
#include "workqueue/check.h"
#include "workqueue/owner.h"

namespace uasio {
namespace {

// Has no destructor, so it can be read at any time.
thread_local bool holder_destroyed = false;

// On the workers alone if there is no fd left for another backend's eventfd.
std::shared_ptr<Queue> NewQueue() {
  const QueueOptions options = DefaultQueueOptions();
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      Queue::Create(options, NewAutoBackend(options.depth_max).backend);
  if (queue.ok()) return *std::move(queue);
  return std::make_shared<Queue>(options);
}

// Holds the queue of a thread.  A forked child drops that of its parent, and
// gets its own.
class QueueHolder {
 public:
  // Streams that are closed later keep the queue.  Some may never be, so what
  // they have submitted is finished here, but for what may never complete.
  ~QueueHolder() {
    holder_destroyed = true;
    DropParentsQueue();
    if (queue_ != nullptr) internal::FinishWithThread(queue_.get());
  }

  const std::shared_ptr<Queue>& queue() {
    DropParentsQueue();
    if (queue_ == nullptr) {
      owner_ = Owner();
      queue_ = NewQueue();
    }
    return queue_;
  }

 private:
  void DropParentsQueue() {
    if (!owner_.IsThisProcess()) queue_ = nullptr;
  }

  Owner owner_;  // Of queue_.
  std::shared_ptr<Queue> queue_;
};

QueueHolder* Holder() {
  static thread_local QueueHolder holder;
  return &holder;
}

}  // namespace

QueueOptions DefaultQueueOptions() {
  QueueOptions options;
  options.buffer_bytes = 256 << 10;
  return options;
}

Queue* DefaultQueue() {
  UASIO_CHECK(
      !holder_destroyed,
      "DefaultQueue: the thread ends; only streams may still be opened");
  return Holder()->queue().get();
}

std::shared_ptr<Queue> internal::ShareDefaultQueue() {
  return holder_destroyed ? NewQueue() : Holder()->queue();
}

}  // namespace uasio
