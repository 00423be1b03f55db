// A Course is the sequence of operations that a round consists of, the same
// for every engine; a Lane is where one thread runs on it and is timed.
//
// Threads:   a Course: any; a Lane: one at a time.
// Units:     nanoseconds of CLOCK_MONOTONIC.
//
//   for (Trip& trip : trips) {
//     if (lane->Begin(&trip, NowNs())) Submit(&trip), ++in_flight;
//   }
//   while (in_flight > 0) {
//     Trip* trip = ...;  // The next one that is done.
//     if (lane->Finish(trip, result, NowNs())) Submit(trip); else --in_flight;
//   }

#ifndef UASIO_TOOLS_BENCH_COURSE_H_
#define UASIO_TOOLS_BENCH_COURSE_H_

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
struct Trip {
  int fd = -1;
  int64_t offset = 0;
  bool write = true;
  char* buffer = nullptr;  // Whoever drives sets it, once.
  int64_t begun_ns = 0;
};

class Course {
 public:
  // `job` is borrowed.
  explicit Course(const Job& job);

  // Operations that finish in this time count; with its end, the course ends.
  // REQUIRES: called before anybody sets out.
  void Open(int64_t begin_ns, int64_t end_ns);

  bool IsOver(int64_t now_ns) const { return now_ns >= end_ns_; }
  bool Counts(int64_t now_ns) const {
    return now_ns >= begin_ns_ && now_ns < end_ns_;
  }

  // Makes `trip` the next operation of the sequence; with two files, the write
  // of what it has just read.
  void Next(Trip* trip);

  const Job& job() const { return job_; }

 private:
  const Job& job_;
  const uint64_t blocks_;
  const ScatterPlaces places_;
  int64_t begin_ns_ = 0;
  int64_t end_ns_ = 0;
  std::atomic<uint64_t> next_{0};
};

class Lane {
 public:
  explicit Lane(Course* course) : course_(course) {}

  // True: do the operation that is now in `trip`.  False: the course is over,
  // or somebody on this lane has failed.
  bool Begin(Trip* trip, int64_t now_ns);

  // Counts the operation, which returned `result` bytes or -errno, and begins
  // the next.
  bool Finish(Trip* trip, int64_t result, int64_t now_ns);

  // Ends it early.
  void Fail(absl::Status status) { status_.Update(std::move(status)); }

  // Adds another lane's operations and failure.
  void Merge(const Lane& other);

  Course* course() const { return course_; }
  const Histogram& latency() const { return latency_; }
  const absl::Status& status() const { return status_; }

 private:
  Course* course_;
  Histogram latency_;
  absl::Status status_;
};

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_COURSE_H_
