// The contract of asio/lease.h.

#include "asio/lease.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <utility>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/requests.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class LeaseTest : public BackendTest {
 protected:
  // A queue with one request, so that Get() shows whether it was put.
  std::unique_ptr<Queue> MakeSmallQueue() {
    QueueOptions options;
    options.requests_max = 1;
    return MakeQueue(options);
  }
};
UASIO_INSTANTIATE_BACKENDS(LeaseTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(LeaseTest);

TEST_P(LeaseTest, TheDestructorPutsTheRequest) {
  const auto queue = MakeSmallQueue();
  const BlockFile file = MakeFile("a");
  for (int i = 0; i < 3; ++i) {
    Lease lease(queue->Get());
    ASSERT_TRUE(lease);
    EXPECT_FALSE(Lease(queue->Get()));
    lease->Read(file.file(), 0, block());
    queue->Submit(std::move(lease));
    const Lease done(queue->WaitUntil(TestDeadline()));
    ASSERT_TRUE(done);
    EXPECT_EQ(TextOf(BytesOf(*done)), "a");
  }
}

TEST_P(LeaseTest, SubmitEmptiesIt) {
  const auto queue = MakeSmallQueue();
  Lease lease(queue->Get());
  Request* const request = lease.get();
  lease->NoOp();
  queue->Submit(std::move(lease));
  EXPECT_EQ(lease.get(), nullptr);
  EXPECT_EQ(Finish(queue.get(), request), 0);
}

TEST_P(LeaseTest, AWriteBackPutsItself) {
  const auto queue = MakeSmallQueue();
  const BlockFile file = MakeFile("a");
  Lease lease(queue->Get());
  std::memset(lease->buffer, 'b', block());
  lease->WriteBack(file.file(), 0, block());
  queue->Submit(std::move(lease));
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(file.Text(), "b");
  EXPECT_TRUE(Lease(queue->Get()));
}

TEST(LeasesTest, ItIsMoved) {
  QueueOptions options;
  options.requests_max = 2;
  Queue queue(options);
  Lease a(queue.Get());
  Lease b(queue.Get());
  Request* const request = a.get();
  b = std::move(a);  // Puts the request of `b`.
  EXPECT_FALSE(a);
  EXPECT_EQ(b.get(), request);
  Lease other(queue.Get());
  EXPECT_TRUE(other);
  Lease c(std::move(b));
  EXPECT_EQ(&*c, request);
  Lease* const itself = &c;
  c = std::move(*itself);
  EXPECT_EQ(c.get(), request);
}

TEST(LeasesTest, ReleaseGivesTheRequestToTheCaller) {
  Queue queue;
  Lease lease(queue.Get());
  Request* const request = lease.get();
  EXPECT_EQ(lease.Release(), request);
  EXPECT_EQ(lease.Release(), nullptr);
  queue.Put(request);
  EXPECT_FALSE(Lease(nullptr));
  EXPECT_FALSE(Lease());
}

TEST(LeasesTest, AHandlerMayHoldOneWhileTheQueueIsDestroyed) {
  Queue queue;
  Request* r = queue.Get()->NoOp();
  r->handler = [](Request* request) noexcept { const Lease lease(request); };
  queue.Submit(r);
}

TEST(LeasesTest, InAForkedChildTheDestructorIsSilent) {
  Queue queue;
  auto lease = std::make_unique<Lease>(queue.Get());
  const pid_t child = fork();
  if (child == 0) {
    lease = nullptr;
    _exit(7);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

class LeaseDeathTest : public testing::Test {
 protected:
  LeaseDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(LeaseDeathTest, OutlivingItsQueue) {
  EXPECT_DEATH(
      {
        Lease lease;
        Queue queue;
        lease = Lease(queue.Get());
      },
      "~Queue: a Lease must not outlive its queue");
}

TEST_F(LeaseDeathTest, PuttingWhatIsLeased) {
  Queue queue;
  EXPECT_DEATH(
      {
        const Lease lease(queue.Get());
        queue.Put(lease.get());
      },
      "Put: .*was put before");
}

TEST_F(LeaseDeathTest, SubmittingWhatIsLeased) {
  Queue queue;
  EXPECT_DEATH(
      {
        const Lease lease(queue.Get());
        queue.Submit(lease->NoOp());
      },
      "Put: .*still in flight");
}

TEST_F(LeaseDeathTest, AnEmptyOneIsNotSubmitted) {
  Queue queue;
  EXPECT_DEATH(queue.Submit(Lease()),
               "there is no request; did Get\\(\\) fail");
}

TEST_F(LeaseDeathTest, ARequestThatNoQueueLent) {
  Request request;
  EXPECT_DEATH(Lease lease(&request), "not of a queue's Get");
}

}  // namespace
}  // namespace uasio
