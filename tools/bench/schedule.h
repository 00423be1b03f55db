// A Schedule is the sequence of operations that a round consists of, the same
// for every engine; a Recorder is where one thread runs on it and is timed.
//
// Threads:   a Schedule: any; a Recorder: one at a time.
// Units:     nanoseconds of CLOCK_MONOTONIC.
//
//   for (Operation& op : ops) {
//     if (recorder->Begin(&op, NowNs())) Submit(&op), ++in_flight;
//   }
//   while (in_flight > 0) {
//     Operation* op = ...;  // The next one that is done.
//     if (recorder->Finish(op, result, NowNs())) Submit(op); else --in_flight;
//   }

#ifndef UASIO_TOOLS_BENCH_SCHEDULE_H_
#define UASIO_TOOLS_BENCH_SCHEDULE_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "tools/bench/histogram.h"
#include "tools/bench/job.h"

namespace uasio {

int64_t NowNs();

// The parts of the second file that kScatter writes to, one after the other; of
// one size, which is that of the file but for a rest.
class ScatterPlaces {
 public:
  explicit ScatterPlaces(const Job& job);

  size_t count() const { return static_cast<size_t>(count_); }
  int64_t bytes() const { return static_cast<int64_t>(blocks_ * block_bytes_); }
  int64_t BeginOf(size_t place) const {
    return static_cast<int64_t>(place) * bytes();
  }

  // Where what is at `offset` in the first file goes.
  size_t PlaceOf(int64_t offset) const;
  int64_t TargetOf(int64_t offset) const;

 private:
  const uint64_t block_bytes_;
  const uint64_t count_;   // kScatterPlaces, or as many as there are blocks.
  const uint64_t blocks_;  // Of each.
};

// An operation on its way.
struct Operation {
  int fd = -1;
  int64_t offset = 0;
  bool write = true;
  char* buffer = nullptr;  // Whoever drives sets it, once.
  int64_t begun_ns = 0;
};

class Schedule {
 public:
  // `job` is borrowed.
  explicit Schedule(const Job& job);

  // Operations that finish in this time count; with its end, the schedule ends.
  // REQUIRES: called before anybody sets out.
  void Open(int64_t begin_ns, int64_t end_ns);

  bool IsOver(int64_t now_ns) const { return now_ns >= end_ns_; }
  bool Counts(int64_t now_ns) const {
    return now_ns >= begin_ns_ && now_ns < end_ns_;
  }

  // Makes `op` the next operation of the sequence; with two files, the write
  // of what it has just read.
  void Next(Operation* op);

  const Job& job() const { return job_; }

 private:
  const Job& job_;
  const uint64_t blocks_;
  const ScatterPlaces places_;
  int64_t begin_ns_ = 0;
  int64_t end_ns_ = 0;
  std::atomic<uint64_t> next_{0};
};

class Recorder {
 public:
  explicit Recorder(Schedule* schedule) : schedule_(schedule) {}

  // True: do the operation that is now in `op`.  False: the schedule is over,
  // or somebody on this recorder has failed.
  bool Begin(Operation* op, int64_t now_ns);

  // Counts the operation, which returned `result` bytes or -errno, and begins
  // the next.
  bool Finish(Operation* op, int64_t result, int64_t now_ns);

  // Ends it early.
  void UpdateStatus(absl::Status status) { status_.Update(std::move(status)); }

  // Adds another recorder's operations and failure.
  void Merge(const Recorder& other);

  Schedule* schedule() const { return schedule_; }
  const Histogram& latency() const { return latency_; }
  const absl::Status& status() const { return status_; }

 private:
  Schedule* schedule_;
  Histogram latency_;
  absl::Status status_;
};

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_SCHEDULE_H_
