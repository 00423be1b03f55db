#include "asio/buffer.h"

#include <cstdint>
#include <utility>

#include "gtest/gtest.h"

namespace uasio {
namespace {

TEST(BufferTest, RoundUpGoesToTheNextMultipleAndStaysOnOne) {
  static_assert(RoundUp(0, 4096) == 0);
  static_assert(RoundUp(1, 4096) == 4096);
  static_assert(RoundUp(4096, 4096) == 4096);
  static_assert(RoundUp(4097, 4096) == 8192);
  static_assert(RoundUp(513, 512) == 1024);
  static_assert(RoundUp(7, 1) == 7);
}

TEST(BufferTest, IsAlignedRoundedUpAndZero) {
  for (const size_t bytes : {1, 511, 4095, 4096, 4097, 1 << 20}) {
    const Buffer buffer = Buffer::Allocate(bytes);
    ASSERT_FALSE(buffer.empty()) << bytes;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % kBufferAlignment, 0u)
        << bytes;
    EXPECT_EQ(buffer.size(), RoundUp(bytes, kBufferAlignment)) << bytes;
    for (size_t i = 0; i < buffer.size(); ++i) ASSERT_EQ(buffer.data()[i], 0);
    buffer.data()[buffer.size() - 1] = 'x';
  }
}

TEST(BufferTest, IsEmptyAtFirst) {
  const Buffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.data(), nullptr);
  EXPECT_EQ(buffer.size(), 0u);
}

TEST(BufferTest, MoreThanTheAddressSpaceHoldsGivesAnEmptyBuffer) {
  const Buffer buffer = Buffer::Allocate(size_t{1} << 62);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.data(), nullptr);
  EXPECT_EQ(buffer.size(), 0u);
}

TEST(BufferTest, ASizeThatOverflowsWhenRoundedGivesAnEmptyBuffer) {
  EXPECT_TRUE(Buffer::Allocate(SIZE_MAX).empty());
  EXPECT_TRUE(Buffer::Allocate(SIZE_MAX - kBufferAlignment + 2).empty());
}

TEST(BufferTest, MovesWithItsMemory) {
  Buffer first = Buffer::Allocate(4096);
  char* const data = first.data();
  data[0] = 'x';
  const Buffer second = std::move(first);
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(second.data()[0], 'x');
  EXPECT_EQ(second.size(), 4096u);
  EXPECT_TRUE(first.empty());  // NOLINT: a moved-from Buffer is empty.
}

TEST(BufferTest, MoveAssignmentTakesTheMemoryOfTheSource) {
  Buffer first = Buffer::Allocate(4096);
  Buffer second = Buffer::Allocate(8192);
  char* const data = second.data();
  first = std::move(second);
  EXPECT_EQ(first.data(), data);
  EXPECT_EQ(first.size(), 8192u);
  first.data()[8191] = 'x';
}

}  // namespace
}  // namespace uasio
