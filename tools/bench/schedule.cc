#include "tools/bench/schedule.h"

#include <time.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"

namespace uasio::bench {
namespace {

// SplitMix64: computes the i-th number directly, so that threads can share a
// sequence.
uint64_t RandomNumber(uint64_t seed, uint64_t i) {
  uint64_t x = (seed << 32) + (i + 1) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t BlocksOf(const Job& job) {
  return std::max<uint64_t>(1, job.file_bytes / job.block_bytes);
}

bool IsRandom(Workload workload) {
  return workload == Workload::kRandRead || workload == Workload::kRandWrite ||
         workload == Workload::kRandRw;
}

absl::Status OperationError(const Job& job, const Operation& op,
                            int64_t result) {
  const std::string what =
      absl::StrCat(op.write ? "write" : "read", " of ", job.block_bytes,
                   " bytes at ", op.offset);
  if (result < 0) return ErrnoStatus(static_cast<int>(-result), what);
  return absl::DataLossError(
      absl::StrCat(what, ": only ", result, " bytes were transferred"));
}

}  // namespace

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

ScatterPlaces::ScatterPlaces(const Job& job)
    : block_bytes_(job.block_bytes),
      count_(std::min<uint64_t>(kScatterPlaces, BlocksOf(job))),
      blocks_(BlocksOf(job) / count_) {}

size_t ScatterPlaces::PlaceOf(int64_t offset) const {
  return static_cast<uint64_t>(offset) / block_bytes_ % count_;
}

int64_t ScatterPlaces::TargetOf(int64_t offset) const {
  const uint64_t turn = static_cast<uint64_t>(offset) / block_bytes_ / count_;
  return BeginOf(PlaceOf(offset)) +
         static_cast<int64_t>(turn % blocks_ * block_bytes_);
}

Schedule::Schedule(const Job& job)
    : job_(job), blocks_(BlocksOf(job)), places_(job) {}

void Schedule::SetWindow(int64_t begin_ns, int64_t end_ns) {
  begin_ns_ = begin_ns;
  end_ns_ = end_ns;
}

void Schedule::Next(Operation* op) {
  if (HasTwoFiles(job_.workload) && !op->write) {
    op->write = true;
    op->fd = job_.copy_fd;
    if (job_.workload == Workload::kScatter) {
      op->offset = places_.TargetOf(op->offset);
    }
    return;
  }
  const uint64_t i = next_.fetch_add(1, std::memory_order_relaxed);
  const Workload workload = job_.workload;
  const uint64_t random = IsRandom(workload) ? RandomNumber(job_.seed, i) : i;
  op->fd = job_.fd;
  op->offset = static_cast<int64_t>(random % blocks_ * job_.block_bytes);
  op->write = workload == Workload::kSeqWrite ||
              workload == Workload::kRandWrite ||
              (workload == Workload::kRandRw && random >> 63 != 0);
}

bool Recorder::Begin(Operation* op, int64_t now_ns) {
  if (schedule_->IsOver(now_ns) || !status_.ok()) return false;
  schedule_->Next(op);
  op->begun_ns = now_ns;
  return true;
}

bool Recorder::Finish(Operation* op, int64_t result, int64_t now_ns) {
  const Job& job = schedule_->job();
  const bool is_complete =
      job.workload == Workload::kNop
          ? result == 0
          : result == static_cast<int64_t>(job.block_bytes);
  if (!is_complete) UpdateStatus(OperationError(job, *op, result));
  if (is_complete && schedule_->IsInWindow(now_ns))
    latency_.Add(now_ns - op->begun_ns);
  return Begin(op, now_ns);
}

void Recorder::Merge(const Recorder& other) {
  latency_.Merge(other.latency_);
  UpdateStatus(other.status_);
}

}  // namespace uasio::bench
