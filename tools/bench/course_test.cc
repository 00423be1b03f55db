#include "tools/bench/course.h"

#include <errno.h>

#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace uasio {
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
  Course course(job);
  std::vector<int64_t> offsets;
  for (int i = 0; i < count; ++i) {
    Trip trip;
    course.Next(&trip);
    offsets.push_back(trip.offset);
  }
  return offsets;
}

TEST(CourseTest, SameSeedSameOffsetsAndAnotherSeedOthers) {
  Job job = MakeJob(Workload::kRandRead);
  const auto first = Offsets(job, 100);
  EXPECT_EQ(Offsets(job, 100), first);
  job.seed = 2;
  EXPECT_NE(Offsets(job, 100), first);
}

TEST(CourseTest, RandomOffsetsAreBlocksOfTheWholeFile) {
  const Job job = MakeJob(Workload::kRandRead);
  std::set<int64_t> seen;
  for (int64_t offset : Offsets(job, 2000)) {
    EXPECT_EQ(offset % 4096, 0);
    EXPECT_LT(offset, static_cast<int64_t>(job.file_bytes));
    seen.insert(offset);
  }
  EXPECT_EQ(seen.size(), 64u);
}

TEST(CourseTest, SequentialOffsetsBeginAgainAtTheEnd) {
  const auto offsets = Offsets(MakeJob(Workload::kSeqRead), 65);
  EXPECT_EQ(offsets[0], 0);
  EXPECT_EQ(offsets[63], 63 * 4096);
  EXPECT_EQ(offsets[64], 0);
}

TEST(CourseTest, ACopyWritesWhatItHasRead) {
  const Job job = MakeJob(Workload::kCopy);
  Course course(job);
  Trip trip;
  for (int64_t block = 0; block < 3; ++block) {
    course.Next(&trip);
    EXPECT_FALSE(trip.write);
    EXPECT_EQ(trip.fd, 10);
    course.Next(&trip);
    EXPECT_TRUE(trip.write);
    EXPECT_EQ(trip.fd, 11);
    EXPECT_EQ(trip.offset, block * 4096);
  }
}

TEST(CourseTest, AScatterWritesToItsPlacesInTurn) {
  const Job job = MakeJob(Workload::kScatter);
  Course course(job);
  Trip trip;
  std::set<int64_t> seen;
  for (int64_t block = 0; block < 64; ++block) {
    course.Next(&trip);
    EXPECT_EQ(trip.offset, block * 4096);
    course.Next(&trip);
    EXPECT_TRUE(trip.write);
    EXPECT_EQ(trip.fd, 11);
    const int64_t place = block % 16, turn = block / 16;
    EXPECT_EQ(trip.offset, (place * 4 + turn) * 4096);
    seen.insert(trip.offset);
  }
  EXPECT_EQ(seen.size(), 64u);
}

TEST(CourseTest, PlacesAreWithinAFileOfAnySize) {
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

TEST(CourseTest, HalfOfAMixedWorkloadIsWritten) {
  const Job job = MakeJob(Workload::kRandRw);
  Course course(job);
  Trip trip;
  int writes = 0;
  for (int i = 0; i < 1000; ++i) course.Next(&trip), writes += trip.write;
  EXPECT_NEAR(writes, 500, 100);
}

TEST(LaneTest, CountsWhatFinishesInTime) {
  const Job job = MakeJob(Workload::kRandRead);
  Course course(job);
  course.Open(100, 200);
  Lane lane(&course);
  Trip trip;
  EXPECT_TRUE(lane.Begin(&trip, 50));
  EXPECT_TRUE(lane.Finish(&trip, 4096, 99));
  EXPECT_TRUE(lane.Finish(&trip, 4096, 100));
  EXPECT_TRUE(lane.Finish(&trip, 4096, 199));
  EXPECT_FALSE(lane.Finish(&trip, 4096, 200));
  EXPECT_EQ(lane.latency().total(), 2u);
  EXPECT_TRUE(lane.status().ok());
}

TEST(LaneTest, AnErrorAndAShortCountEndIt) {
  const Job job = MakeJob(Workload::kRandRead);
  Course course(job);
  course.Open(0, 1000);
  for (int64_t result : {int64_t{-EIO}, int64_t{512}, int64_t{0}}) {
    Lane lane(&course);
    Trip trip;
    EXPECT_TRUE(lane.Begin(&trip, 1));
    EXPECT_FALSE(lane.Finish(&trip, result, 2));
    EXPECT_FALSE(lane.status().ok());
    EXPECT_EQ(lane.latency().total(), 0u);
  }
}

}  // namespace
}  // namespace uasio
