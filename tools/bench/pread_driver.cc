#include <errno.h>
#include <unistd.h>

#include <deque>
#include <thread>

#include "tools/bench/drivers.h"

namespace uasio {
namespace {

int64_t Perform(const Trip& trip, size_t size) {
  const ssize_t done = trip.write
                           ? pwrite(trip.fd, trip.buffer, size, trip.offset)
                           : pread(trip.fd, trip.buffer, size, trip.offset);
  return done < 0 ? -errno : done;
}

void RunOne(Trip* trip, Lane* lane) {
  const size_t size = lane->course()->job().block_bytes;
  if (!lane->Begin(trip, NowNs())) return;
  int64_t done;
  do {
    done = Perform(*trip, size);
  } while (lane->Finish(trip, done, NowNs()));
}

class PreadDriver final : public Driver {
 public:
  absl::Status Prepare(const Job& job) override {
    return table_.Allocate(job, 1);
  }
  void Run(Lane* lane) override { RunOne(&table_.trips()[0], lane); }

 private:
  TripTable table_;
};

class PreadThreadsDriver final : public Driver {
 public:
  absl::Status Prepare(const Job& job) override {
    return table_.Allocate(job, job.threads);
  }

  void Run(Lane* lane) override {
    std::deque<Lane> lanes;
    std::vector<std::thread> threads;
    for (Trip& trip : table_.trips()) {
      Lane* own = &lanes.emplace_back(lane->course());
      threads.emplace_back([own, &trip] { RunOne(&trip, own); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const Lane& own : lanes) lane->Merge(own);
  }

 private:
  TripTable table_;
};

}  // namespace

std::unique_ptr<Driver> NewPreadDriver() {
  return std::make_unique<PreadDriver>();
}

std::unique_ptr<Driver> NewPreadThreadsDriver() {
  return std::make_unique<PreadThreadsDriver>();
}

}  // namespace uasio
