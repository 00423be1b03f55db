// Tests the rules of order.h one by one; order_random_test.cc mixes them.

#include "asio/internal/order.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace uasio::internal {
namespace {

using Kind = OrderNode::Kind;
using Nodes = std::vector<OrderNode*>;

OrderNode Read(int64_t begin, int64_t end) {
  OrderNode node;
  node.kind = Kind::kRead;
  node.begin = begin;
  node.end = end;
  return node;
}

OrderNode Write(int64_t begin, int64_t end) {
  OrderNode node = Read(begin, end);
  node.kind = Kind::kWrite;
  return node;
}

OrderNode Exclusive() {
  OrderNode node;
  node.kind = Kind::kExclusive;
  return node;
}

OrderNode Sync() {
  OrderNode node;
  node.kind = Kind::kSync;
  return node;
}

class OrderTest : public testing::Test {
 protected:
  bool Add(OrderNode* node) { return order_.Add(node); }

  // Removes `node`, and returns what that releases.
  Nodes Remove(OrderNode* node) {
    Nodes released;
    order_.Remove(node, [&](OrderNode* later) { released.push_back(later); });
    return released;
  }

  // Whether `second` must wait for `first`.
  bool Waits(OrderNode first, OrderNode second) {
    FileOrder order;
    EXPECT_TRUE(order.Add(&first));
    const bool starts = order.Add(&second);
    Nodes released;
    const auto release = [&](OrderNode* node) { released.push_back(node); };
    order.Remove(&first, release);
    EXPECT_EQ(released, starts ? Nodes() : Nodes({&second}));
    order.Remove(&second, release);
    return !starts;
  }

  FileOrder order_;
};

TEST_F(OrderTest, RangesThatOverlapWaitIfOneIsWritten) {
  EXPECT_FALSE(Waits(Read(0, 10), Read(5, 15)));
  EXPECT_TRUE(Waits(Read(0, 10), Write(5, 15)));
  EXPECT_TRUE(Waits(Write(0, 10), Read(5, 15)));
  EXPECT_TRUE(Waits(Write(0, 10), Write(5, 15)));
}

TEST_F(OrderTest, OverlapIsExactToTheByte) {
  for (const int64_t size : {1, 2, 3, 511, 512, 513, 4096}) {
    SCOPED_TRACE(size);
    EXPECT_FALSE(Waits(Write(100, 200), Write(200, 200 + size)));
    EXPECT_TRUE(Waits(Write(100, 200), Write(199, 199 + size)));
    EXPECT_FALSE(Waits(Write(5000, 5100), Write(5000 - size, 5000)));
    EXPECT_TRUE(Waits(Write(5000, 5100), Write(5001 - size, 5001)));
  }
  EXPECT_TRUE(Waits(Write(0, 1000), Read(500, 501)));
  EXPECT_TRUE(Waits(Write(500, 501), Read(0, 1000)));
  EXPECT_TRUE(Waits(Write(7, 8), Write(7, 8)));
}

TEST_F(OrderTest, RangesUpToTheLargestOffsetOverlapCorrectly) {
  constexpr int64_t kMax = INT64_MAX;
  EXPECT_TRUE(Waits(Write(0, kMax), Read(kMax - 1, kMax)));
  EXPECT_TRUE(Waits(Write(kMax - 1, kMax), Read(0, kMax)));
  EXPECT_TRUE(Waits(Read(0, kMax), Write(0, 1)));
  EXPECT_TRUE(Waits(Write(0, kMax), Write(0, kMax)));
  EXPECT_FALSE(Waits(Write(0, kMax - 1), Write(kMax - 1, kMax)));
  EXPECT_FALSE(Waits(Write(kMax / 2, kMax), Write(0, kMax / 2)));
}

TEST_F(OrderTest, ZeroBytesOverlapNothing) {
  EXPECT_FALSE(Waits(Write(0, 10), Write(5, 5)));
  EXPECT_FALSE(Waits(Write(5, 5), Write(0, 10)));
  EXPECT_FALSE(Waits(Write(5, 5), Sync()));
  EXPECT_FALSE(Waits(Write(5, 5), Exclusive()));
  EXPECT_TRUE(Waits(Exclusive(), Read(5, 5)));
}

TEST_F(OrderTest, AnExclusiveRequestOverlapsEverything) {
  EXPECT_TRUE(Waits(Exclusive(), Exclusive()));
  EXPECT_TRUE(Waits(Exclusive(), Read(0, 1)));
  EXPECT_TRUE(Waits(Exclusive(), Write(0, 1)));
  EXPECT_TRUE(Waits(Exclusive(), Sync()));
  EXPECT_TRUE(Waits(Read(0, 1), Exclusive()));
  EXPECT_TRUE(Waits(Write(0, 1), Exclusive()));
}

TEST_F(OrderTest, ASyncWaitsForWritesAndBlocksNothing) {
  EXPECT_TRUE(Waits(Write(0, 1), Sync()));
  EXPECT_FALSE(Waits(Read(0, 1), Sync()));
  EXPECT_FALSE(Waits(Sync(), Sync()));
  EXPECT_FALSE(Waits(Sync(), Write(0, 1)));
  EXPECT_FALSE(Waits(Sync(), Read(0, 1)));
  EXPECT_FALSE(Waits(Sync(), Exclusive()));
}

TEST_F(OrderTest, ASyncWaitsForAllEarlierWritesAndNoLaterOnes) {
  OrderNode one = Write(0, 10), two = Write(10, 20), later = Write(20, 30);
  OrderNode sync = Sync();
  EXPECT_TRUE(Add(&one));
  EXPECT_TRUE(Add(&two));
  EXPECT_FALSE(Add(&sync));
  EXPECT_TRUE(Add(&later));
  EXPECT_EQ(Remove(&two), Nodes());
  EXPECT_EQ(Remove(&one), Nodes({&sync}));
  EXPECT_EQ(Remove(&later), Nodes());
  EXPECT_EQ(Remove(&sync), Nodes());
}

TEST_F(OrderTest, ASyncCoversAHeldWrite) {
  OrderNode read = Read(0, 10), write = Write(0, 10), sync = Sync();
  EXPECT_TRUE(Add(&read));
  EXPECT_FALSE(Add(&write));
  EXPECT_FALSE(Add(&sync));
  EXPECT_EQ(Remove(&read), Nodes({&write}));
  EXPECT_EQ(Remove(&write), Nodes({&sync}));
}

TEST_F(OrderTest, EachSyncIsReleasedAfterTheWritesBeforeIt) {
  OrderNode one = Write(0, 10), first = Sync(), two = Write(10, 20),
            second = Sync();
  EXPECT_TRUE(Add(&one));
  EXPECT_FALSE(Add(&first));
  EXPECT_TRUE(Add(&two));
  EXPECT_FALSE(Add(&second));
  EXPECT_EQ(Remove(&one), Nodes({&first}));
  EXPECT_EQ(Remove(&two), Nodes({&second}));
}

TEST_F(OrderTest, AReadWaitsForEveryWriteThatItOverlaps) {
  OrderNode writes[] = {Write(0, 10), Write(10, 20), Write(20, 30)};
  OrderNode read = Read(5, 25);
  for (OrderNode& write : writes) EXPECT_TRUE(Add(&write));
  EXPECT_FALSE(Add(&read));
  EXPECT_EQ(Remove(&writes[1]), Nodes());
  EXPECT_EQ(Remove(&writes[0]), Nodes());
  EXPECT_EQ(Remove(&writes[2]), Nodes({&read}));
}

TEST_F(OrderTest, AWriteReleasesAllReadsAtOnceAndTheNextWriteWaitsForThem) {
  OrderNode write = Write(0, 100), one = Read(0, 50), two = Read(50, 100);
  OrderNode next = Write(0, 100);
  EXPECT_TRUE(Add(&write));
  EXPECT_FALSE(Add(&one));
  EXPECT_FALSE(Add(&two));
  EXPECT_FALSE(Add(&next));
  EXPECT_EQ(Remove(&write).size(), 2u);
  EXPECT_EQ(Remove(&two), Nodes());
  EXPECT_EQ(Remove(&one), Nodes({&next}));
}

TEST_F(OrderTest, AWriteWaitsForOverlappingReadsOfAllSizes) {
  std::vector<OrderNode> reads;
  for (int bit = 0; bit < 62; ++bit) {
    reads.push_back(Read(1000, 1000 + (int64_t{1} << bit)));
  }
  OrderNode write = Write(0, 1001);
  OrderNode aside = Write(0, 1000);
  for (OrderNode& read : reads) EXPECT_TRUE(Add(&read));
  EXPECT_TRUE(Add(&aside));
  EXPECT_FALSE(Add(&write));
  EXPECT_EQ(Remove(&aside), Nodes());
  for (size_t i = 0; i + 1 < reads.size(); ++i) {
    EXPECT_EQ(Remove(&reads[i]), Nodes()) << i;
  }
  EXPECT_EQ(Remove(&reads.back()), Nodes({&write}));
}

TEST_F(OrderTest, NothingOvertakesAHeldExclusiveRequest) {
  OrderNode read = Read(0, 10), exclusive = Exclusive();
  OrderNode later = Read(50, 60), next = Exclusive(), last = Sync();
  EXPECT_TRUE(Add(&read));
  EXPECT_FALSE(Add(&exclusive));
  EXPECT_FALSE(Add(&later));
  EXPECT_FALSE(Add(&next));
  EXPECT_FALSE(Add(&last));
  EXPECT_EQ(Remove(&read), Nodes({&exclusive}));
  EXPECT_EQ(Remove(&exclusive), Nodes({&later}));
  EXPECT_EQ(Remove(&later), Nodes({&next}));
  EXPECT_EQ(Remove(&next), Nodes({&last}));
}

TEST_F(OrderTest, RequestsBehindAnExclusiveOneStillWaitForEachOther) {
  OrderNode exclusive = Exclusive(), write = Write(0, 10), read = Read(0, 10);
  OrderNode aside = Read(20, 30), empty = Read(0, 0), sync = Sync();
  EXPECT_TRUE(Add(&exclusive));
  for (OrderNode* n : {&write, &read, &aside, &empty, &sync})
    EXPECT_FALSE(Add(n));
  EXPECT_EQ(Remove(&exclusive), Nodes({&write, &aside, &empty}));
  EXPECT_EQ(Remove(&aside), Nodes());
  const Nodes released = Remove(&write);
  EXPECT_TRUE(released == Nodes({&read, &sync}) ||
              released == Nodes({&sync, &read}));
}

TEST_F(OrderTest, ACancelledHeldRequestReleasesWhatOnlyItBlocked) {
  OrderNode running = Write(0, 10), held = Write(5, 25);
  OrderNode by_held = Read(20, 30), by_both = Read(0, 20);
  EXPECT_TRUE(Add(&running));
  EXPECT_FALSE(Add(&held));
  EXPECT_FALSE(Add(&by_held));
  EXPECT_FALSE(Add(&by_both));
  EXPECT_EQ(Remove(&held), Nodes({&by_held}));
  EXPECT_EQ(Remove(&running), Nodes({&by_both}));
}

TEST_F(OrderTest, SuccessorsOfACancelledHeldWriteWaitForItsPredecessors) {
  OrderNode running = Write(0, 10), read = Read(0, 10), held = Write(0, 10);
  OrderNode later = Write(0, 10), last = Read(5, 15);
  EXPECT_TRUE(Add(&running));
  for (OrderNode* n : {&read, &held, &later, &last}) EXPECT_FALSE(Add(n));
  EXPECT_EQ(Remove(&held), Nodes());
  EXPECT_EQ(Remove(&later), Nodes());
  EXPECT_EQ(Remove(&running).size(), 2u);  // Both reads.
}

TEST_F(OrderTest, ACancelledHeldRequestIsNotReleasedLater) {
  OrderNode running = Write(0, 10), held = Write(0, 10), sync = Sync();
  EXPECT_TRUE(Add(&running));
  EXPECT_FALSE(Add(&held));
  EXPECT_FALSE(Add(&sync));
  EXPECT_EQ(Remove(&sync), Nodes());
  EXPECT_EQ(Remove(&held), Nodes());
  EXPECT_EQ(Remove(&running), Nodes());
}

TEST_F(OrderTest, ACancelledHeldExclusiveRequestReleasesTheOthers) {
  OrderNode read = Read(0, 10), exclusive = Exclusive();
  OrderNode aside = Read(0, 10), over = Write(0, 10), next = Exclusive();
  EXPECT_TRUE(Add(&read));
  for (OrderNode* n : {&exclusive, &aside, &over, &next}) EXPECT_FALSE(Add(n));
  EXPECT_EQ(Remove(&exclusive), Nodes({&aside}));
  EXPECT_EQ(Remove(&over), Nodes());
  EXPECT_EQ(Remove(&read), Nodes());
  EXPECT_EQ(Remove(&aside), Nodes({&next}));
}

TEST_F(OrderTest, ACancelledRequestBehindAnExclusiveOneReleasesNothing) {
  OrderNode one = Exclusive(), two = Exclusive(), three = Write(0, 1),
            four = Read(0, 1);
  EXPECT_TRUE(Add(&one));
  for (OrderNode* node : {&two, &three, &four}) EXPECT_FALSE(Add(node));
  EXPECT_EQ(Remove(&three), Nodes());
  EXPECT_EQ(Remove(&two), Nodes());
  EXPECT_EQ(Remove(&one), Nodes({&four}));
}

TEST_F(OrderTest, ANodeCanBeAddedAgain) {
  OrderNode write = Write(0, 10), read = Read(0, 10);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(Add(&write));
    EXPECT_FALSE(Add(&read));
    EXPECT_EQ(Remove(&write), Nodes({&read}));
    EXPECT_EQ(Remove(&read), Nodes());
  }
}

// The index is dropped after many reads without a write; a write rebuilds it.
TEST_F(OrderTest, AWriteAfterManyReadsWaitsForAllOfThem) {
  OrderNode first = Write(0, 1);
  EXPECT_TRUE(Add(&first));
  EXPECT_EQ(Remove(&first), Nodes());
  std::vector<OrderNode> reads;
  for (int i = 0; i < 100; ++i) reads.push_back(Read(0, 10));
  for (OrderNode& read : reads) EXPECT_TRUE(Add(&read));
  OrderNode write = Write(9, 10);
  EXPECT_FALSE(Add(&write));
  for (int i = 0; i < 99; ++i) EXPECT_EQ(Remove(&reads[i]), Nodes()) << i;
  EXPECT_EQ(Remove(&reads[99]), Nodes({&write}));
}

}  // namespace
}  // namespace uasio::internal
