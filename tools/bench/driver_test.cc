// MeasureDrivers() and TryPrepare() with fake drivers, and a real one.

#include "tools/bench/driver.h"

#include <aio.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "asio/testing/fd.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "gtest/gtest.h"
#include "tools/bench/drivers.h"
#include "tools/bench/io_submit_loop.h"

namespace uasio::bench {
namespace {

// Shared by all drivers of a test.
struct Log {
  std::mutex mutex;
  std::condition_variable changed;
  size_t alive = 0;
  size_t alive_most = 0;
  size_t prepared = 0;
  size_t failing = 0;  // Number of the driver, from 1, whose Prepare() fails.
  std::set<std::thread::id> threads;
  std::set<Recorder*> recorders;
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
    if (++log_->prepared != log_->failing) return absl::OkStatus();
    return absl::ResourceExhaustedError("no more rings");
  }

  // Waits until job.queues drivers run, each with its own thread and recorder.
  void Run(Recorder* recorder) override {
    const size_t queues = recorder->schedule()->job().queues;
    std::unique_lock<std::mutex> lock(log_->mutex);
    log_->threads.insert(std::this_thread::get_id());
    log_->recorders.insert(recorder);
    log_->changed.notify_all();
    const bool all_running =
        log_->changed.wait_for(lock, std::chrono::seconds(10), [&] {
          return log_->threads.size() == queues &&
                 log_->recorders.size() == queues;
        });
    if (!all_running) {
      recorder->UpdateStatus(absl::DeadlineExceededError("not all run"));
    }
    Operation op;
    if (all_running && recorder->Begin(&op, NowNs())) {
      while (recorder->Finish(&op, 0, NowNs())) {
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
  job.duration = absl::Milliseconds(20);
  job.ramp = absl::ZeroDuration();
  return job;
}

DriverFactory FactoryFor(Log* log) {
  return [log] { return std::make_unique<FakeDriver>(log); };
}

TEST(MeasureDriversTest, RunsOneDriverPerQueueConcurrently) {
  for (size_t queues : {1, 3}) {
    Log log;
    const auto m = MeasureDrivers(JobFor(queues), FactoryFor(&log));
    EXPECT_TRUE(m.ok()) << m.status();
    EXPECT_EQ(log.threads.size(), queues);
    EXPECT_EQ(log.alive, 0u);
  }
}

// On a busy machine they are counted late: retries with a longer duration.
TEST(MeasureDriversTest, CountsTheThreadsOfTheProcess) {
  Job job = JobFor(3);
  double threads;
  do {
    Log log;
    const auto m = MeasureDrivers(job, FactoryFor(&log));
    ASSERT_TRUE(m.ok()) << m.status();
    threads = m->process_threads;
    job.duration *= 4;
  } while (threads < 4 && job.duration < absl::Seconds(10));
  EXPECT_GE(threads, 4);
}

TEST(MeasureDriversTest, RunsNoneIfOneCannotBePrepared) {
  Log log;
  log.failing = 2;
  const auto m = MeasureDrivers(JobFor(3), FactoryFor(&log));
  EXPECT_EQ(m.status(), absl::ResourceExhaustedError("no more rings"));
  EXPECT_EQ(log.prepared, 3u);
  EXPECT_TRUE(log.threads.empty());
  EXPECT_EQ(log.alive, 0u);
}

TEST(MeasureDriversTest, ReturnsTheErrorOfARecorder) {
  Log log;
  Job job = JobFor(2);
  job.workload = Workload::kRandRead;  // The fake's result of 0 is too short.
  job.duration = absl::Seconds(2);     // Long enough for both to start in time.
  const auto m = MeasureDrivers(job, FactoryFor(&log));
  EXPECT_EQ(m.status().code(), absl::StatusCode::kDataLoss) << m.status();
}

TEST(TryPrepareTest, PreparesOneDriverPerQueueAtTheSameTime) {
  Log log;
  EXPECT_TRUE(TryPrepare(JobFor(3), FactoryFor(&log)).ok());
  EXPECT_EQ(log.prepared, 3u);
  EXPECT_EQ(log.alive_most, 3u);
  EXPECT_EQ(log.alive, 0u);
  EXPECT_TRUE(log.threads.empty());
}

TEST(TryPrepareTest, ReturnsTheFirstError) {
  Log log;
  log.failing = 2;
  EXPECT_EQ(TryPrepare(JobFor(3), FactoryFor(&log)),
            absl::ResourceExhaustedError("no more rings"));
  EXPECT_EQ(log.prepared, 2u);
}

// Calls of a kernel that loses its completions.
struct BrokenCalls {
  static int64_t Setup(unsigned, aio_context_t*) { return 0; }
  static int64_t Destroy(aio_context_t) { return 0; }
  static int64_t Submit(aio_context_t, int64_t count, iocb**) { return count; }
  static int64_t GetEvents(aio_context_t, int64_t, int64_t, io_event*,
                           const timespec*) {
    return -EFAULT;
  }
};

TEST(IoSubmitLoopTest, AFailedReapEndsTheMeasurement) {
  const auto m = MeasureDrivers(JobFor(1), [] {
    return std::make_unique<IoSubmitLoop<BrokenCalls>>(BrokenCalls());
  });
  EXPECT_EQ(m.status().message(), "io_getevents: EFAULT (Bad address)");
}

TEST(LiburingDriverDeathTest, AFailedWaitEndsTheMeasurement) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const absl::Status prepared = TryPrepare(JobFor(1), NewLiburingDriver);
  if (!prepared.ok()) GTEST_SKIP() << prepared;
  EXPECT_EXIT(
      {
        RefuseCalls({{SYS_io_uring_enter, EPERM}});
        std::cerr << MeasureDrivers(JobFor(1), NewLiburingDriver).status();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "io_uring_enter: EPERM");
}

}  // namespace
}  // namespace uasio::bench

extern "C" int aio_write(aiocb*) noexcept {
  errno = EAGAIN;
  return -1;
}

namespace uasio::bench {
namespace {

TEST(PosixAioDriverTest, TheErrorNamesTheCallThatFailed) {
  const Scratch scratch;
  const Fd file = scratch.Open("file", std::string(4096, 'x'));
  Job job = JobFor(1);
  job.workload = Workload::kSeqWrite;
  job.file_bytes = job.block_bytes = 4096;
  job.fd = file.get();
  const auto m = MeasureDrivers(job, NewPosixAioDriver);
  EXPECT_EQ(m.status().message(),
            "aio_write: EAGAIN (Resource temporarily unavailable)");
}

size_t ThreadsOfThisProcess() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

// glibc's threads stay for a second; the thread of MeasureDrivers() may still
// be counted, too.  Retries because on a busy machine a request may complete
// before the next one is submitted.
TEST(PosixAioDriverTest, StartsAThreadPerRequestAlsoAfterASmallerDepth) {
  if (kThreadSanitized) GTEST_SKIP() << "TSan does not know glibc's threads";
  constexpr size_t kBlock = 4 << 20;  // So large that requests overlap in time.
  const Scratch scratch;
  const Fd file = scratch.Open("file", std::string(kBlock, 'x'));
  Job job = JobFor(1);
  job.workload = Workload::kRandRead;
  job.file_bytes = job.block_bytes = kBlock;
  job.fd = file.get();
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  size_t threads = 0;
  while (threads < 5 && absl::Now() < deadline) {
    for (size_t depth : {1, 8}) {
      job.depth = job.threads = depth;
      const auto m = MeasureDrivers(job, NewPosixAioDriver);
      ASSERT_TRUE(m.ok()) << m.status();
    }
    threads = ThreadsOfThisProcess();
  }
  EXPECT_GE(threads, 5u);
}

}  // namespace
}  // namespace uasio::bench
