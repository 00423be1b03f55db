// The contract: "Order": which request waits for which, on a backend that
// finishes requests when the test says so.  tests/model_test.cc tests the
// results.

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class OrderTest : public testing::Test {
 protected:
  explicit OrderTest(const QueueOptions& options = {}) : q_(options) {}
  ~OrderTest() override { FinishAll(&q_.queue); }

  Request* At(Op op, int64_t offset, size_t length) {
    return On(file_.fd(), op, offset, length);
  }
  Request* On(int fd, Op op, int64_t offset, size_t length) {
    return Submit(&q_.queue, op, fd, offset, length);
  }
  bool Runs(Request* r) const { return q_.held->IsRunning(r); }

  // Finishes `r`, and makes a call into the queue, which starts the requests
  // that `r` held up.
  void Done(Request* r) {
    q_.held->Finish(r);
    q_.queue.Put(q_.queue.Get());
  }

  ScratchFile file_{std::string(100, 'a')};
  ManualQueue q_;
};

TEST_F(OrderTest, OverlappingReadsRunTogether) {
  Request* a = At(Op::kRead, 0, 10);
  Request* b = At(Op::kRead, 5, 10);
  EXPECT_TRUE(Runs(a) && Runs(b));
}

TEST_F(OrderTest, DisjointWritesRunTogether) {
  Request* a = At(Op::kWrite, 0, 10);
  Request* b = At(Op::kWrite, 10, 10);
  EXPECT_TRUE(Runs(a) && Runs(b));
}

TEST_F(OrderTest, AWriteWaitsForAReadThatItOverlaps) {
  Request* r = At(Op::kRead, 0, 10);
  Request* w = At(Op::kWrite, 9, 10);
  EXPECT_FALSE(Runs(w));
  Done(r);
  EXPECT_TRUE(Runs(w));
}

TEST_F(OrderTest, AReadWaitsForAWriteAndAWriteBackThatItOverlaps) {
  Request* w = At(Op::kWrite, 0, 10);
  Request* b = At(Op::kWriteBack, 10, 10);
  Request* r = At(Op::kRead, 9, 2);
  EXPECT_FALSE(Runs(r));
  Done(b);
  EXPECT_FALSE(Runs(r));
  Done(w);
  EXPECT_TRUE(Runs(r));
}

TEST_F(OrderTest, AVectorsRangeIsItsTotalLength) {
  char a[10];
  const iovec iovecs[] = {{a, 5}, {a + 5, 5}};
  Request* w = Prepare(&q_.queue, Op::kWritev, file_.fd(), 0);
  w->iovecs = iovecs, w->iovec_count = 2;
  q_.queue.Submit(w);
  Request* beside = At(Op::kRead, 10, 1);
  Request* behind = At(Op::kRead, 9, 1);
  EXPECT_TRUE(Runs(beside));
  EXPECT_FALSE(Runs(behind));
  Done(w);
}

TEST_F(OrderTest, ReleasedRequestsRunInTheOrderOfSubmits) {
  Request* a = At(Op::kWrite, 0, 10);
  Request* b = At(Op::kWrite, 0, 5);
  Request* c = At(Op::kWrite, 5, 5);
  Request* d = At(Op::kWrite, 0, 10);
  EXPECT_EQ(q_.held->running, std::vector<Request*>({a}));
  Done(a);
  EXPECT_EQ(q_.held->running, std::vector<Request*>({b, c}));
  Done(c);
  EXPECT_FALSE(Runs(d));
  Done(b);
  EXPECT_EQ(q_.held->running, std::vector<Request*>({d}));
}

TEST_F(OrderTest, ARequestAtTheFilePositionOverlapsEverything) {
  Request* r = At(Op::kRead, 50, 1);
  Request* position = At(Op::kRead, kFilePosition, 1);
  Request* later = At(Op::kRead, 70, 1);
  EXPECT_FALSE(Runs(position));
  EXPECT_FALSE(Runs(later));
  Done(r);
  EXPECT_TRUE(Runs(position));
  EXPECT_FALSE(Runs(later));
  Done(position);
  EXPECT_TRUE(Runs(later));
}

TEST_F(OrderTest, OnAnAppendFdWritesOverlapEverythingAndReadsDoNot) {
  const Fd fd = file_.Open(O_RDWR | O_APPEND);
  Request* r = On(fd.get(), Op::kRead, 50, 1);
  Request* beside = On(fd.get(), Op::kRead, 10, 1);
  Request* w = On(fd.get(), Op::kWrite, 0, 1);
  Request* next = On(fd.get(), Op::kWrite, 99, 1);
  EXPECT_TRUE(Runs(r) && Runs(beside));
  EXPECT_FALSE(Runs(w));
  Done(r);
  Done(beside);
  EXPECT_TRUE(Runs(w));
  EXPECT_FALSE(Runs(next));
}

TEST_F(OrderTest, RequestsOnAPipeRunOneByOne) {
  const Pipe pipe;
  pipe.Put("ab");
  Request* a = On(pipe.read_end.get(), Op::kRead, 0, 1);
  Request* b = On(pipe.read_end.get(), Op::kRead, 100, 1);
  EXPECT_TRUE(Runs(a));
  EXPECT_FALSE(Runs(b));
  Done(a);
  EXPECT_TRUE(Runs(b));
}

TEST_F(OrderTest, ASocketsReadsAndWritesRunOneByOneInEachDirection) {
  const SocketPair sockets;
  ASSERT_EQ(write(sockets.there.get(), "ab", 2), 2);
  Request* r = On(sockets.here.get(), Op::kRead, kFilePosition, 1);
  Request* w = On(sockets.here.get(), Op::kWrite, kFilePosition, 1);
  Request* r2 = On(sockets.here.get(), Op::kRead, kFilePosition, 1);
  Request* w2 = On(sockets.here.get(), Op::kWriteBack, kFilePosition, 1);
  EXPECT_EQ(q_.held->running, std::vector<Request*>({r, w}));
  r->op = Op::kWrite;  // Too late: the order goes by what was submitted.
  q_.held->FinishAs(r, 1, 1);
  q_.queue.Put(q_.queue.Get());
  EXPECT_EQ(q_.held->running, std::vector<Request*>({w, r2}));
  Done(w);
  EXPECT_EQ(q_.held->running, std::vector<Request*>({r2, w2}));
  Done(r2);
  Done(w2);
}

TEST_F(OrderTest, ASyncOfASocketWaitsForItsWritesOnly) {
  const SocketPair sockets;
  Request* r = On(sockets.here.get(), Op::kRead, kFilePosition, 1);
  Request* w = On(sockets.here.get(), Op::kWrite, kFilePosition, 1);
  Request* sync = On(sockets.here.get(), Op::kFsync, 0, 0);
  ASSERT_TRUE(Runs(r) && Runs(w));
  EXPECT_FALSE(Runs(sync));
  Done(w);
  EXPECT_TRUE(Runs(sync));
  q_.held->FinishAs(sync, 0);
  q_.held->FinishAs(r, 0);
}

TEST_F(OrderTest, AnFsyncWaitsForEarlierWritesAndHoldsNoLaterOnes) {
  Request* a = At(Op::kWrite, 0, 10);
  Request* b = At(Op::kWriteBack, 50, 10);
  Request* r = At(Op::kRead, 90, 1);
  Request* sync = At(Op::kFsync, 0, 0);
  Request* late = At(Op::kWrite, 20, 10);
  EXPECT_TRUE(Runs(r) && Runs(late));
  Done(a);
  EXPECT_FALSE(Runs(sync));
  Done(b);
  EXPECT_TRUE(Runs(sync));
}

TEST_F(OrderTest, AnFsyncWaitsForHeldWritesToo) {
  Request* a = At(Op::kWrite, 0, 10);
  Request* b = At(Op::kWrite, 0, 10);
  Request* sync = At(Op::kFdatasync, 0, 0);
  Done(a);
  EXPECT_TRUE(Runs(b));
  EXPECT_FALSE(Runs(sync));
  Done(b);
  EXPECT_TRUE(Runs(sync));
}

TEST_F(OrderTest, TwoFdsOfOneFileAreNotOrdered) {
  const Fd other = file_.Open(O_RDWR);
  Request* a = At(Op::kWrite, 0, 10);
  Request* b = On(other.get(), Op::kWrite, 0, 10);
  EXPECT_TRUE(Runs(a) && Runs(b));
}

TEST_F(OrderTest, ADependentIsReleasedBeforeWaitReturnsItsPredecessor) {
  Request* w = At(Op::kWrite, 0, 1);
  Request* r = At(Op::kRead, 0, 1);
  Done(w);
  EXPECT_TRUE(Runs(r));
  EXPECT_EQ(q_.queue.TryWait(), w);
}

TEST_F(OrderTest, AFailedPredecessorReleasesItsDependentsToo) {
  Request* w = At(Op::kWrite, 0, 1);
  Request* r = At(Op::kRead, 0, 1);
  q_.held->FinishAs(w, -EIO);
  q_.queue.Put(q_.queue.Get());
  EXPECT_TRUE(Runs(r));
}

TEST_F(OrderTest, AZeroLengthWriteOverlapsNothing) {
  At(Op::kWrite, 0, 10);
  Request* nothing = At(Op::kWrite, 5, 0);
  EXPECT_TRUE(Runs(nothing));
}

class NoOrderTest : public OrderTest {
 protected:
  static QueueOptions Options() {
    QueueOptions options;
    options.order = Order::kNone;
    return options;
  }
  NoOrderTest() : OrderTest(Options()) {}
};

TEST_F(NoOrderTest, EverythingRunsTogether) {
  Request* a = At(Op::kWrite, 0, 10);
  Request* b = At(Op::kWrite, 0, 10);
  Request* c = At(Op::kFsync, 0, 0);
  Request* d = At(Op::kWrite, kFilePosition, 1);
  EXPECT_EQ(q_.held->running, std::vector<Request*>({a, b, c, d}));
}

}  // namespace
}  // namespace uasio
