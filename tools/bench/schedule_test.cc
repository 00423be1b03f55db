#include "tools/bench/schedule.h"

#include <errno.h>

#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace uasio::bench {
namespace {

Job MakeJob(Workload workload) {
  Job job;
  job.workload = workload;
  job.block_bytes = 4096;
  job.file_bytes = 64 * 4096;
  job.fd = 10;
  job.copy_fd = 11;
  return job;
}

std::vector<int64_t> Offsets(const Job& job, int count) {
  Schedule schedule(job);
  std::vector<int64_t> offsets;
  for (int i = 0; i < count; ++i) {
    Operation op;
    schedule.Next(&op);
    offsets.push_back(op.offset);
  }
  return offsets;
}

TEST(ScheduleTest, OffsetsDependOnlyOnTheSeed) {
  Job job = MakeJob(Workload::kRandRead);
  const auto first = Offsets(job, 100);
  EXPECT_EQ(Offsets(job, 100), first);
  job.seed = 2;
  EXPECT_NE(Offsets(job, 100), first);
}

TEST(ScheduleTest, RandomOffsetsCoverTheBlocksOfTheWholeFile) {
  const Job job = MakeJob(Workload::kRandRead);
  std::set<int64_t> seen;
  for (int64_t offset : Offsets(job, 2000)) {
    EXPECT_EQ(offset % 4096, 0);
    EXPECT_LT(offset, static_cast<int64_t>(job.file_bytes));
    seen.insert(offset);
  }
  EXPECT_EQ(seen.size(), 64u);
}

TEST(ScheduleTest, SequentialOffsetsWrapAround) {
  const auto offsets = Offsets(MakeJob(Workload::kSeqRead), 65);
  EXPECT_EQ(offsets[0], 0);
  EXPECT_EQ(offsets[63], 63 * 4096);
  EXPECT_EQ(offsets[64], 0);
}

TEST(ScheduleTest, ACopyWritesWhatItHasRead) {
  const Job job = MakeJob(Workload::kCopy);
  Schedule schedule(job);
  Operation op;
  for (int64_t block = 0; block < 3; ++block) {
    schedule.Next(&op);
    EXPECT_FALSE(op.write);
    EXPECT_EQ(op.fd, 10);
    schedule.Next(&op);
    EXPECT_TRUE(op.write);
    EXPECT_EQ(op.fd, 11);
    EXPECT_EQ(op.offset, block * 4096);
  }
}

TEST(ScheduleTest, AScatterWritesToItsPlacesRoundRobin) {
  const Job job = MakeJob(Workload::kScatter);
  Schedule schedule(job);
  Operation op;
  std::set<int64_t> seen;
  for (int64_t block = 0; block < 64; ++block) {
    schedule.Next(&op);
    EXPECT_EQ(op.offset, block * 4096);
    schedule.Next(&op);
    EXPECT_TRUE(op.write);
    EXPECT_EQ(op.fd, 11);
    const int64_t place = block % 16, turn = block / 16;
    EXPECT_EQ(op.offset, (place * 4 + turn) * 4096);
    seen.insert(op.offset);
  }
  EXPECT_EQ(seen.size(), 64u);
}

TEST(ScheduleTest, PlacesAreWithinAFileOfAnySize) {
  for (uint64_t blocks = 1; blocks < 70; ++blocks) {
    Job job = MakeJob(Workload::kScatter);
    job.file_bytes = blocks * 4096;
    const ScatterPlaces places(job);
    for (uint64_t i = 0; i < blocks; ++i) {
      const int64_t offset = static_cast<int64_t>(i) * 4096;
      const int64_t target = places.TargetOf(offset);
      const int64_t begin = places.BeginOf(places.PlaceOf(offset));
      EXPECT_GE(target, begin);
      EXPECT_LT(target, begin + places.bytes());
      EXPECT_LT(target, static_cast<int64_t>(job.file_bytes));
    }
  }
}

TEST(ScheduleTest, HalfOfAMixedWorkloadIsWrites) {
  const Job job = MakeJob(Workload::kRandRw);
  Schedule schedule(job);
  Operation op;
  int writes = 0;
  for (int i = 0; i < 1000; ++i) schedule.Next(&op), writes += op.write;
  EXPECT_NEAR(writes, 500, 100);
}

TEST(RecorderTest, RecordsOnlyCompletionsInTheWindow) {
  const Job job = MakeJob(Workload::kRandRead);
  Schedule schedule(job);
  schedule.SetWindow(100, 200);
  Recorder recorder(&schedule);
  Operation op;
  EXPECT_TRUE(recorder.Begin(&op, 50));
  EXPECT_TRUE(recorder.Finish(&op, 4096, 99));
  EXPECT_TRUE(recorder.Finish(&op, 4096, 100));
  EXPECT_TRUE(recorder.Finish(&op, 4096, 199));
  EXPECT_FALSE(recorder.Finish(&op, 4096, 200));
  EXPECT_EQ(recorder.latency().total(), 2u);
  EXPECT_TRUE(recorder.status().ok());
}

TEST(RecorderTest, StopsAfterAnErrorOrAShortTransfer) {
  const Job job = MakeJob(Workload::kRandRead);
  Schedule schedule(job);
  schedule.SetWindow(0, 1000);
  for (int64_t result : {int64_t{-EIO}, int64_t{512}, int64_t{0}}) {
    Recorder recorder(&schedule);
    Operation op;
    EXPECT_TRUE(recorder.Begin(&op, 1));
    EXPECT_FALSE(recorder.Finish(&op, result, 2));
    EXPECT_FALSE(recorder.status().ok());
    EXPECT_EQ(recorder.latency().total(), 0u);
  }
}

}  // namespace
}  // namespace uasio::bench
