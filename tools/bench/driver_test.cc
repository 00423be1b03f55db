// What Drive() makes of its drivers, which here do nothing.

#include "tools/bench/driver.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

// What all the drivers of a test know.
struct Log {
  std::mutex mutex;
  std::condition_variable changed;
  size_t alive = 0;
  size_t alive_most = 0;
  size_t prepared = 0;
  size_t cannot = 0;  // This one, from 1, cannot be prepared.
  std::set<std::thread::id> threads;
  std::set<Lane*> lanes;
};

class FakeDriver final : public Driver {
 public:
  explicit FakeDriver(Log* log) : log_(log) {
    std::lock_guard<std::mutex> lock(log_->mutex);
    log_->alive_most = std::max(log_->alive_most, ++log_->alive);
  }
  ~FakeDriver() override {
    std::lock_guard<std::mutex> lock(log_->mutex);
    --log_->alive;
  }

  absl::Status Prepare(const Job&) override {
    std::lock_guard<std::mutex> lock(log_->mutex);
    if (++log_->prepared != log_->cannot) return absl::OkStatus();
    return absl::ResourceExhaustedError("no more rings");
  }

  // Waits for job.queues of them, each with a thread and a lane of its own.
  void Run(Lane* lane) override {
    const size_t queues = lane->course()->job().queues;
    std::unique_lock<std::mutex> lock(log_->mutex);
    log_->threads.insert(std::this_thread::get_id());
    log_->lanes.insert(lane);
    log_->changed.notify_all();
    const bool all_came =
        log_->changed.wait_for(lock, std::chrono::seconds(10), [&] {
          return log_->threads.size() == queues && log_->lanes.size() == queues;
        });
    if (!all_came) lane->Fail(absl::DeadlineExceededError("alone"));
    Trip trip;
    if (all_came && lane->Begin(&trip, NowNs())) {
      while (lane->Finish(&trip, 0, NowNs())) {
      }
    }
  }

 private:
  Log* const log_;
};

Job JobFor(size_t queues) {
  Job job;
  job.workload = Workload::kNop;
  job.queues = queues;
  job.length = absl::Milliseconds(20);
  job.ramp = absl::ZeroDuration();
  return job;
}

DriverFactory FactoryFor(Log* log) {
  return [log] { return std::make_unique<FakeDriver>(log); };
}

TEST(DriveTest, AsManyDriversAsQueuesRunAtATime) {
  for (size_t queues : {1, 3}) {
    Log log;
    const auto m = Drive(JobFor(queues), FactoryFor(&log));
    EXPECT_TRUE(m.ok()) << m.status();
    EXPECT_EQ(log.threads.size(), queues);
    EXPECT_EQ(log.alive, 0u);
  }
}

TEST(DriveTest, IfOneCannotBePreparedNoneRuns) {
  Log log;
  log.cannot = 2;
  const auto m = Drive(JobFor(3), FactoryFor(&log));
  EXPECT_EQ(m.status(), absl::ResourceExhaustedError("no more rings"));
  EXPECT_EQ(log.prepared, 3u);
  EXPECT_TRUE(log.threads.empty());
  EXPECT_EQ(log.alive, 0u);
}

TEST(DriveTest, WhatOneLaneFailsWithIsReturned) {
  Log log;
  Job job = JobFor(2);
  job.workload = Workload::kRandRead;  // Of which no bytes are done.
  const auto m = Drive(job, FactoryFor(&log));
  EXPECT_EQ(m.status().code(), absl::StatusCode::kDataLoss) << m.status();
}

TEST(TryPrepareTest, TriesAsManyAtATimeAsThereAreQueues) {
  Log log;
  EXPECT_TRUE(TryPrepare(JobFor(3), FactoryFor(&log)).ok());
  EXPECT_EQ(log.prepared, 3u);
  EXPECT_EQ(log.alive_most, 3u);
  EXPECT_EQ(log.alive, 0u);
  EXPECT_TRUE(log.threads.empty());
}

TEST(TryPrepareTest, SaysWhatTheFirstThatCannotSays) {
  Log log;
  log.cannot = 2;
  EXPECT_EQ(TryPrepare(JobFor(3), FactoryFor(&log)),
            absl::ResourceExhaustedError("no more rings"));
  EXPECT_EQ(log.prepared, 2u);
}

}  // namespace
}  // namespace uasio
