#include <semaphore.h>

#include <deque>
#include <mutex>
#include <thread>

#include "tools/bench/drivers.h"

namespace uasio::bench {
namespace {

// The simplest queue between threads, as a baseline.  The MutexQueue of
// workqueue/mutex_queue_testing.h is for tests only: Bazel lets no program use
// it.
class MutexQueue {
 public:
  MutexQueue() { sem_init(&count_, 0, 0); }
  ~MutexQueue() { sem_destroy(&count_); }

  void Put(Operation* op) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      operations_.push_back(op);
    }
    sem_post(&count_);
  }

  Operation* Get() {
    while (sem_wait(&count_) != 0) {
    }
    std::lock_guard<std::mutex> lock(mutex_);
    Operation* op = operations_.front();
    operations_.pop_front();
    return op;
  }

 private:
  std::mutex mutex_;
  sem_t count_;
  std::deque<Operation*> operations_;
};

class MutexQueueDriver final : public Driver {
 public:
  ~MutexQueueDriver() override {
    for (size_t i = 0; i < threads_.size(); ++i) requests_.Put(nullptr);
    for (std::thread& thread : threads_) thread.join();
  }

  absl::Status Prepare(const Job& job) override {
    operations_.resize(job.depth);
    for (size_t i = 0; i < job.threads; ++i) {
      threads_.emplace_back([this] {
        while (Operation* op = requests_.Get()) results_.Put(op);
      });
    }
    return absl::OkStatus();
  }

  void Run(Recorder* recorder) override {
    size_t in_flight = 0;
    for (Operation& op : operations_) {
      if (!recorder->Begin(&op, NowNs())) break;
      requests_.Put(&op);
      ++in_flight;
    }
    while (in_flight > 0) {
      Operation* op = results_.Get();
      if (recorder->Finish(op, 0, NowNs())) {
        requests_.Put(op);
      } else {
        --in_flight;
      }
    }
  }

 private:
  std::vector<Operation> operations_;
  MutexQueue requests_, results_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Driver> NewMutexQueueDriver() {
  return std::make_unique<MutexQueueDriver>();
}

}  // namespace uasio::bench
