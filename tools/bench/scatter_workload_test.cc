// Every engine that supports scatter writes each block to its place.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "tools/bench/engine.h"
#include "tools/bench/schedule.h"

namespace uasio::bench {
namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kBlocks = 67;  // Not a multiple of the number of places.

std::string BlockAt(int fd, int64_t offset) {
  std::string block(kBlock, '\0');
  EXPECT_EQ(pread(fd, block.data(), kBlock, offset),
            static_cast<ssize_t>(kBlock));
  return block;
}

// Every byte of the i-th block is i + 1.
void Fill(int fd) {
  for (size_t i = 0; i < kBlocks; ++i) {
    const std::string block(kBlock, static_cast<char>(i + 1));
    ASSERT_EQ(pwrite(fd, block.data(), kBlock, static_cast<off_t>(i * kBlock)),
              static_cast<ssize_t>(kBlock));
  }
}

class ScatterWorkloadTest : public testing::TestWithParam<const char*> {
 protected:
  ScatterWorkloadTest()
      : in_(open(scratch_.Path("in").c_str(), O_RDWR | O_CREAT, 0600)),
        out_(open(scratch_.Path("out").c_str(), O_RDWR | O_CREAT, 0600)) {
    job_.workload = Workload::kScatter;
    job_.direct = false;
    job_.depth = job_.threads = 4;
    job_.block_bytes = kBlock;
    job_.file_bytes = kBlocks * kBlock;
    job_.duration = absl::Milliseconds(50);
    job_.fd = in_;
    job_.path = scratch_.Path("in");
    job_.copy_fd = out_;
    Fill(in_);
    EXPECT_EQ(ftruncate(out_, kBlocks * kBlock), 0);
  }
  ~ScatterWorkloadTest() override {
    close(in_);
    close(out_);
  }

  const Scratch scratch_;
  const int in_;
  const int out_;
  Job job_;
};

TEST_P(ScatterWorkloadTest, EachBlockIsInItsPlaceOrNotYetWritten) {
  const auto engine = NewEngine(GetParam());
  const absl::Status supports = engine->Supports(job_);
  if (!supports.ok()) GTEST_SKIP() << supports;
  const auto m = engine->Measure(job_);
  ASSERT_TRUE(m.ok()) << m.status();
  const ScatterPlaces places(job_);
  std::vector<std::string> allowed(kBlocks, std::string(1, '\0'));
  for (size_t i = 0; i < kBlocks; ++i) {
    const int64_t target = places.TargetOf(static_cast<int64_t>(i * kBlock));
    allowed[static_cast<size_t>(target) / kBlock] += static_cast<char>(i + 1);
  }
  for (size_t i = 0; i < kBlocks; ++i) {
    const std::string block = BlockAt(out_, static_cast<int64_t>(i * kBlock));
    EXPECT_EQ(std::count(block.begin(), block.end(), block[0]), kBlock);
    EXPECT_NE(allowed[i].find(block[0]), std::string::npos) << i;
  }
  EXPECT_NE(BlockAt(out_, 0)[0], '\0');
}

INSTANTIATE_TEST_SUITE_P(
    Engines, ScatterWorkloadTest,
    testing::Values("worker", "kaio", "uring", "stream_worker", "stream_kaio",
                    "stream_uring", "pread", "io_submit", "emulated_libaio"),
    [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace uasio::bench
