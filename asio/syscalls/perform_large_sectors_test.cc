// Perform() on a disk with sectors of 16 KiB.

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "asio/syscalls/perform.h"
#include "asio/testing/fd.h"
#include "asio/testing/large_sectors.h"
#include "asio/testing/scratch.h"
#include "asio/testing/transfer.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kMoreThanOneCall = (size_t{2} << 30) + (4 << 20);

class PerformLargeSectorsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (fd_.get() < 0) GTEST_SKIP() << "no O_DIRECT in " << scratch_.Path("");
    ASSERT_EQ(truncate(scratch_.Path("data").c_str(), 2 * kMoreThanOneCall), 0);
  }

  const Scratch scratch_;
  const Fd fd_{
      open(scratch_.NewFile("data").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC)};
  const PretendedReads reads_;
  char at_;  // The reads move no bytes.
};

// The kernel cuts a call at 0x7ffff000 bytes, which are no whole sectors.
TEST_F(PerformLargeSectorsTest, AReadOfMoreThanOneCallGoesOnAligned) {
  Transfer t = NewTransfer(Op::kRead, fd_.get(), 0, &at_, kMoreThanOneCall);
  EXPECT_EQ(Perform(&t), static_cast<int64_t>(kMoreThanOneCall));
}

TEST_F(PerformLargeSectorsTest, AVectorOfMoreThanOneCallGoesOnAligned) {
  const std::vector<iovec> parts(2, {&at_, kMoreThanOneCall / 2});
  Transfer t = NewVectorTransfer(Op::kReadv, fd_.get(), 0, parts);
  EXPECT_EQ(Perform(&t), static_cast<int64_t>(kMoreThanOneCall));
}

// One call takes 64 parts of the rest, which are no whole sectors.
TEST_F(PerformLargeSectorsTest, TheRestOfAVectorGoesOnAligned) {
  const std::vector<iovec> parts(1024, {&at_, 1024});
  Transfer t = NewVectorTransfer(Op::kReadv, fd_.get(), 0, parts);
  t.done = kLargeSector;
  EXPECT_EQ(Perform(&t), 1 << 20);
  const std::vector<iovec> odd(1024, {&at_, 1536});
  t = NewVectorTransfer(Op::kReadv, fd_.get(), 0, odd);
  t.done = kLargeSector;
  EXPECT_EQ(Perform(&t), 1536 << 10);
}

TEST_F(PerformLargeSectorsTest, AnImpossibleLengthIsNotCut) {
  for (const size_t length : {SIZE_MAX, SIZE_MAX / 2}) {
    Transfer t = NewTransfer(Op::kRead, fd_.get(), 1, &at_, length);
    EXPECT_EQ(Perform(&t), -EINVAL);
    EXPECT_EQ(t.done, 0u);
  }
}

}  // namespace
}  // namespace uasio
