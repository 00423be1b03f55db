#include "tools/cp/extents.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "asio/buffer.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr int64_t kKiB = 1 << 10;
constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kBlock = 64 * kKiB;

using Blocks = std::vector<std::pair<int64_t, int64_t>>;

Blocks AllOf(int fd, int64_t size, int64_t block_bytes = kBlock) {
  DataBlocks data(fd, size);
  Blocks blocks;
  while (true) {
    const Extent block = data.Next(block_bytes);
    if (block.empty()) break;
    EXPECT_EQ(block.begin % kBufferAlignment, 0) << block.begin;
    EXPECT_LE(block.end - block.begin, block_bytes);
    blocks.push_back({block.begin, block.end});
  }
  EXPECT_TRUE(data.Next(block_bytes).empty()) << "a block after the end";
  return blocks;
}

class ExtentsTest : public testing::Test {
 protected:
  // Opens a file of `size` bytes, all of them a hole.
  void Open(int64_t size) {
    file_ = scratch_.Open("sparse");
    ASSERT_EQ(ftruncate(file_.get(), size), 0);
    if (lseek(file_.get(), 0, SEEK_DATA) != -1 || errno != ENXIO) {
      GTEST_SKIP() << "the file system of the tests does not report holes";
    }
  }
  void Fill(int64_t begin, int64_t end) {
    const std::string data(static_cast<size_t>(end - begin), 'x');
    ASSERT_EQ(pwrite(file_.get(), data.data(), data.size(), begin),
              static_cast<ssize_t>(data.size()));
  }
  int fd() const { return file_.get(); }

 private:
  const Scratch scratch_;
  Fd file_;
};

TEST_F(ExtentsTest, AnEmptyFileHasNoBlock) {
  const Scratch scratch;
  const Fd empty = scratch.Open("empty");
  EXPECT_THAT(AllOf(empty.get(), 0), IsEmpty());
  EXPECT_THAT(AllOf(kAllIsData, 0), IsEmpty());
}

TEST_F(ExtentsTest, DataIsCutIntoBlocksAndTheLastIsShort) {
  Open(2 * kBlock + 5);
  Fill(0, 2 * kBlock + 5);
  EXPECT_THAT(AllOf(fd(), 2 * kBlock + 5),
              ElementsAre(Pair(0, kBlock), Pair(kBlock, 2 * kBlock),
                          Pair(2 * kBlock, 2 * kBlock + 5)));
}

TEST_F(ExtentsTest, AHoleAtTheStartIsSkipped) {
  Open(kMiB + kBlock);
  Fill(kMiB, kMiB + kBlock);
  EXPECT_THAT(AllOf(fd(), kMiB + kBlock),
              ElementsAre(Pair(kMiB, kMiB + kBlock)));
}

TEST_F(ExtentsTest, AHoleInTheMiddleIsSkipped) {
  Open(2 * kMiB);
  Fill(0, kBlock);
  Fill(kMiB, 2 * kMiB);
  EXPECT_THAT(AllOf(fd(), 2 * kMiB, kMiB),
              ElementsAre(Pair(0, kBlock), Pair(kMiB, 2 * kMiB)));
}

TEST_F(ExtentsTest, AHoleAtTheEndIsSkipped) {
  Open(2 * kMiB);
  Fill(0, kBlock);
  EXPECT_THAT(AllOf(fd(), 2 * kMiB), ElementsAre(Pair(0, kBlock)));
}

TEST_F(ExtentsTest, AFileThatIsAllHoleHasNoBlock) {
  Open(kMiB + 5);
  EXPECT_THAT(AllOf(fd(), kMiB + 5), IsEmpty());
}

TEST_F(ExtentsTest, BlocksOfUnalignedDataAreAligned) {
  Open(4 * kMiB);
  Fill(kMiB + 5000, kMiB + 5010);
  Fill(3 * kMiB - 1, 3 * kMiB + 1);
  const Blocks blocks = AllOf(fd(), 4 * kMiB);
  // The file system decides how much around these bytes is data, too.
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_LE(blocks[0].first, kMiB + 4096);
  EXPECT_GE(blocks[0].second, kMiB + 5010);
  EXPECT_LE(blocks[1].first, 3 * kMiB - 4096);
  EXPECT_GE(blocks[1].second, 3 * kMiB + 1);
}

TEST_F(ExtentsTest, DataBeyondTheSizeIsIgnored) {
  Open(4 * kMiB);
  Fill(0, kBlock);
  Fill(3 * kMiB, 4 * kMiB);
  EXPECT_THAT(AllOf(fd(), kBlock / 2), ElementsAre(Pair(0, kBlock / 2)));
  EXPECT_THAT(AllOf(fd(), 2 * kMiB), ElementsAre(Pair(0, kBlock)));
}

TEST_F(ExtentsTest, ThereAreNoBlocksBeyondANewEnd) {
  Open(4 * kMiB);
  Fill(0, kBlock);
  Fill(2 * kMiB, 4 * kMiB);
  DataBlocks data(fd(), 4 * kMiB);
  EXPECT_EQ(data.Next(kBlock).end, kBlock);
  ASSERT_EQ(ftruncate(fd(), kMiB), 0);
  EXPECT_TRUE(data.Next(kBlock).empty());
}

TEST_F(ExtentsTest, WithoutAnFdAllIsData) {
  EXPECT_THAT(AllOf(kAllIsData, kBlock + 1),
              ElementsAre(Pair(0, kBlock), Pair(kBlock, kBlock + 1)));
}

TEST_F(ExtentsTest, WithoutSeekHoleAllIsData) {
  const Pipe pipe;
  EXPECT_THAT(AllOf(pipe.read_end.get(), kBlock + 1),
              ElementsAre(Pair(0, kBlock), Pair(kBlock, kBlock + 1)));
  const Fd proc(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(AllOf(proc.get(), 5), ElementsAre(Pair(0, 5)));
}

}  // namespace
}  // namespace uasio
