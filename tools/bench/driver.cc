#include "tools/bench/driver.h"

#include <pthread.h>
#include <sys/resource.h>

#include <cstring>
#include <deque>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <thread>

#include "absl/time/clock.h"

namespace uasio::bench {
namespace {

class Barrier {
 public:
  explicit Barrier(size_t count) {
    pthread_barrier_init(&barrier_, nullptr, static_cast<unsigned>(count));
  }
  ~Barrier() { pthread_barrier_destroy(&barrier_); }
  void Wait() { pthread_barrier_wait(&barrier_); }

 private:
  pthread_barrier_t barrier_;
};

struct Usage {
  double wall_s;
  double cpu_s;
};

Usage UsageNow() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const absl::Duration cpu = absl::DurationFromTimeval(usage.ru_utime) +
                             absl::DurationFromTimeval(usage.ru_stime);
  return {static_cast<double>(NowNs()) * 1e-9, absl::ToDoubleSeconds(cpu)};
}

void SleepUntilNs(int64_t when_ns) {
  absl::SleepFor(absl::Nanoseconds(when_ns - NowNs()));
}

// All threads of this process, also those of io_uring in the kernel.
double ThreadsNow() {
  std::error_code error;
  const std::filesystem::directory_iterator tasks("/proc/self/task", error);
  return static_cast<double>(std::distance(begin(tasks), end(tasks)));
}

// Of this process, in the window of the measurement.
struct Load {
  double cpus = 0;     // The mean number of processors that it kept busy.
  double threads = 0;  // In the middle: at the end they may end, too.
};

// Blocks until `end_ns`.
Load MeasureLoad(int64_t begin_ns, int64_t end_ns) {
  Load load;
  SleepUntilNs(begin_ns);
  const Usage before = UsageNow();
  SleepUntilNs(begin_ns + (end_ns - begin_ns) / 2);
  load.threads = ThreadsNow();
  SleepUntilNs(end_ns);
  const Usage after = UsageNow();
  load.cpus = (after.cpu_s - before.cpu_s) / (after.wall_s - before.wall_s);
  return load;
}

Measurement Evaluate(const Job& job, const Recorder& sum, const Load& load) {
  Measurement m;
  m.latency = sum.latency();
  m.ops_per_s = static_cast<double>(m.latency.total()) /
                absl::ToDoubleSeconds(job.duration);
  m.mib_per_s = MibPerSecond(job, m.ops_per_s);
  m.cpu_us_per_op = m.ops_per_s == 0 ? 0 : load.cpus * 1e6 / m.ops_per_s;
  m.process_threads = load.threads;
  m.p50_us = m.latency.Percentile(0.5) / 1000;
  m.p99_us = m.latency.Percentile(0.99) / 1000;
  m.p999_us = m.latency.Percentile(0.999) / 1000;
  return m;
}

// The body of one driver's thread.  `*all_ok`, set before `start` opens, tells
// whether all drivers are prepared.
void RunDriver(const DriverFactory& factory, Recorder* recorder,
               Barrier* prepared, Barrier* start, const bool* all_ok) {
  std::unique_ptr<Driver> driver = factory();
  recorder->UpdateStatus(driver->Prepare(recorder->schedule()->job()));
  prepared->Wait();
  start->Wait();
  if (*all_ok) driver->Run(recorder);
}

}  // namespace

absl::StatusOr<Measurement> MeasureDrivers(const Job& job,
                                           const DriverFactory& factory) {
  Schedule schedule(job);
  Barrier prepared(job.queues + 1), start(job.queues + 1);
  std::deque<Recorder> recorders;
  std::vector<std::thread> threads;
  bool all_ok = true;
  for (size_t i = 0; i < job.queues; ++i) {
    Recorder* recorder = &recorders.emplace_back(&schedule);
    threads.emplace_back([=, &factory, &prepared, &start, &all_ok] {
      RunDriver(factory, recorder, &prepared, &start, &all_ok);
    });
  }
  prepared.Wait();
  for (const Recorder& recorder : recorders) {
    all_ok = all_ok && recorder.status().ok();
  }
  const int64_t begin_ns = NowNs() + absl::ToInt64Nanoseconds(job.ramp);
  const int64_t end_ns = begin_ns + absl::ToInt64Nanoseconds(job.duration);
  if (all_ok) schedule.SetWindow(begin_ns, end_ns);
  start.Wait();
  const Load load = all_ok ? MeasureLoad(begin_ns, end_ns) : Load();
  Recorder sum(&schedule);
  for (std::thread& thread : threads) thread.join();
  for (const Recorder& recorder : recorders) sum.Merge(recorder);
  if (!sum.status().ok()) return sum.status();
  return Evaluate(job, sum, load);
}

absl::Status TryPrepare(const Job& job, const DriverFactory& factory) {
  std::vector<std::unique_ptr<Driver>> drivers;
  absl::Status status;
  for (size_t i = 0; i < job.queues && status.ok(); ++i) {
    status = drivers.emplace_back(factory())->Prepare(job);
  }
  return status;
}

absl::Status OperationTable::Allocate(const Job& job, size_t count) {
  const size_t stride = RoundUp(job.block_bytes, kBufferAlignment);
  memory_ = Buffer::Allocate(stride * count);
  if (memory_.empty()) return absl::ResourceExhaustedError("no memory");
  std::memset(memory_.data(), 1, memory_.size());
  operations_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    operations_[i].buffer = memory_.data() + i * stride;
  }
  return absl::OkStatus();
}

double MibPerSecond(const Job& job, double ops_per_s) {
  if (job.workload == Workload::kNop) return 0;
  const double mib = static_cast<double>(job.block_bytes) / (1 << 20);
  return ops_per_s * mib / (HasTwoFiles(job.workload) ? 2 : 1);
}

}  // namespace uasio::bench
