// A MutexQueue and a MutexPool do what RawQueue, WorkerPool and WorkQueue do,
// in the simplest way: a mutex and a semaphore for each queue, and one work per
// wake-up.  For comparison in benchmarks only.

#ifndef UASIO_WORKQUEUE_MUTEX_QUEUE_TESTING_H_
#define UASIO_WORKQUEUE_MUTEX_QUEUE_TESTING_H_

#include <semaphore.h>

#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "workqueue/raw_queue.h"
#include "workqueue/work.h"

namespace uasio {

class MutexQueue {
 public:
  MutexQueue() { sem_init(&filled_, 0, 0); }
  ~MutexQueue() { sem_destroy(&filled_); }

  void Put(Work* w) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      list_.AddTail(w);
    }
    sem_post(&filled_);
  }

  Work* Get() {
    while (sem_wait(&filled_) != 0) {
    }
    std::lock_guard<std::mutex> lock(mutex_);
    return list_.RemoveHead();
  }

 private:
  std::mutex mutex_;
  WorkList list_;
  sem_t filled_;
};

class MutexPool {
 public:
  explicit MutexPool(size_t threads) : stops_(threads) {
    for (size_t i = 0; i < threads; ++i)
      threads_.emplace_back([this] { Main(); });
  }
  ~MutexPool() {
    for (Work& stop : stops_) requests_.Put(&stop);
    for (std::thread& thread : threads_) thread.join();
  }

  // Runs `w`, whose reply_to is a MutexQueue's address.
  void Submit(Work* w) { requests_.Put(w); }

 private:
  void Main() {
    for (;;) {
      Work* w = requests_.Get();
      if (w->go == nullptr) return;
      w->go(nullptr, w);
      reinterpret_cast<MutexQueue*>(w->reply_to)->Put(w);
    }
  }

  MutexQueue requests_;
  std::vector<Work> stops_;  // Without go(): each ends one thread.
  std::vector<std::thread> threads_;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_MUTEX_QUEUE_TESTING_H_
