// A Schedule is the sequence of operations of one round, the same for every
// engine.  A Recorder takes operations from it and records their latencies.
//
// Threads:   a Schedule: any; a Recorder: one at a time.
// Units:     nanoseconds of CLOCK_MONOTONIC.
//
//   for (Operation& op : ops) {
//     if (recorder->Begin(&op, NowNs())) Submit(&op), ++in_flight;
//   }
//   while (in_flight > 0) {
//     Operation* op = ...;  // The next completion.
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

namespace uasio::bench {

int64_t NowNs();

// The places of the second file that kScatter writes to.  They are adjacent and
// of equal size; blocks left over at the end of the file belong to no place.
class ScatterPlaces {
 public:
  explicit ScatterPlaces(const Job& job);

  size_t count() const { return static_cast<size_t>(count_); }
  int64_t bytes() const { return static_cast<int64_t>(blocks_ * block_bytes_); }
  int64_t BeginOf(size_t place) const {
    return static_cast<int64_t>(place) * bytes();
  }

  // The place, and the offset in the second file, of the block that is at
  // `offset` in the first file.
  size_t PlaceOf(int64_t offset) const;
  int64_t TargetOf(int64_t offset) const;

 private:
  const uint64_t block_bytes_;
  const uint64_t count_;  // kScatterPlaces; fewer if the file has fewer blocks.
  const uint64_t blocks_;  // Of each place.
};

struct Operation {
  int fd = -1;
  int64_t offset = 0;
  bool write = true;
  char* buffer = nullptr;  // Set once, by the Driver.
  int64_t begun_ns = 0;
};

class Schedule {
 public:
  // `job` is borrowed.
  explicit Schedule(const Job& job);

  // Operations that complete in this window are measured.  The schedule is over
  // at `end_ns`.
  // REQUIRES: called before any thread takes an operation.
  void SetWindow(int64_t begin_ns, int64_t end_ns);

  bool IsOver(int64_t now_ns) const { return now_ns >= end_ns_; }
  bool IsInWindow(int64_t now_ns) const {
    return now_ns >= begin_ns_ && now_ns < end_ns_;
  }

  // Makes `op` the next operation of the sequence.  With two files, a read is
  // followed by the write of the same block.
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

  // True: perform the operation that is now in `op`.  False: the schedule is
  // over, or this recorder has an error.
  bool Begin(Operation* op, int64_t now_ns);

  // Records the operation, whose result is bytes or -errno, and begins the
  // next; returns what Begin() does.  An error or a short transfer becomes the
  // recorder's status.
  bool Finish(Operation* op, int64_t result, int64_t now_ns);

  // Keeps the first error; after it Begin() returns false.
  void UpdateStatus(absl::Status status) { status_.Update(std::move(status)); }

  // Adds another recorder's latencies, and its error.
  void Merge(const Recorder& other);

  Schedule* schedule() const { return schedule_; }
  const Histogram& latency() const { return latency_; }
  const absl::Status& status() const { return status_; }

 private:
  Schedule* schedule_;
  Histogram latency_;
  absl::Status status_;
};

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_SCHEDULE_H_
