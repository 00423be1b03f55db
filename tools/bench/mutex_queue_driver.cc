#include <semaphore.h>

#include <deque>
#include <mutex>
#include <thread>

#include "tools/bench/drivers.h"

namespace uasio {
namespace {

// The queue that everybody writes first.
class MutexQueue {
 public:
  MutexQueue() { sem_init(&count_, 0, 0); }
  ~MutexQueue() { sem_destroy(&count_); }

  void Put(Trip* trip) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      trips_.push_back(trip);
    }
    sem_post(&count_);
  }

  Trip* Get() {
    while (sem_wait(&count_) != 0) {
    }
    std::lock_guard<std::mutex> lock(mutex_);
    Trip* trip = trips_.front();
    trips_.pop_front();
    return trip;
  }

 private:
  std::mutex mutex_;
  sem_t count_;
  std::deque<Trip*> trips_;
};

class MutexQueueDriver final : public Driver {
 public:
  ~MutexQueueDriver() override {
    for (size_t i = 0; i < threads_.size(); ++i) requests_.Put(nullptr);
    for (std::thread& thread : threads_) thread.join();
  }

  absl::Status Prepare(const Job& job) override {
    trips_.resize(job.depth);
    for (size_t i = 0; i < job.threads; ++i) {
      threads_.emplace_back([this] {
        while (Trip* trip = requests_.Get()) results_.Put(trip);
      });
    }
    return absl::OkStatus();
  }

  void Run(Lane* lane) override {
    size_t in_flight = 0;
    for (Trip& trip : trips_) {
      if (!lane->Begin(&trip, NowNs())) break;
      requests_.Put(&trip);
      ++in_flight;
    }
    while (in_flight > 0) {
      Trip* trip = results_.Get();
      if (lane->Finish(trip, 0, NowNs())) {
        requests_.Put(trip);
      } else {
        --in_flight;
      }
    }
  }

 private:
  std::vector<Trip> trips_;
  MutexQueue requests_, results_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Driver> NewMutexQueueDriver() {
  return std::make_unique<MutexQueueDriver>();
}

}  // namespace uasio
