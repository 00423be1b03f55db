#include "asio/internal/process_pool.h"

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/child.h"
#include "asio/testing/requests.h"
#include "asio/testing/sanitizers.h"
#include "gtest/gtest.h"

namespace uasio::internal {
namespace {

// A no-op by a new queue of the process's pool, or of a pool of its own.
bool Works(size_t threads_max = 0) {
  QueueOptions options;
  options.threads_max = threads_max;
  Queue queue(options);
  Request* r = Submit(&queue, Op::kNoOp);
  return Finish(&queue, r) == 0;
}

TEST(ProcessPoolTest, QueuesShareItByDefault) {
  const std::shared_ptr<WorkerPool> pool = GetProcessPool();
  EXPECT_EQ(pool->threads(), 0u);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Works());
  EXPECT_GT(pool->threads(), 0u);
  EXPECT_LT(pool->threads(), 50u);
  EXPECT_EQ(pool->options().threads_max, kProcessThreadsMax);
}

TEST(ProcessPoolTest, AQueueWithThreadsOfItsOwnLeavesItAlone) {
  const std::shared_ptr<WorkerPool> pool = GetProcessPool();
  EXPECT_TRUE(Works(1));
  EXPECT_EQ(pool->threads(), 0u);
}

TEST(ProcessPoolTest, TheLastUserDestroysIt) {
  std::shared_ptr<WorkerPool> pool = GetProcessPool();
  EXPECT_EQ(GetProcessPool(), pool);
  const std::weak_ptr<WorkerPool> watched = pool;
  {
    Queue queue;
    Request* r = Submit(&queue, Op::kNoOp);
    pool = nullptr;
    EXPECT_FALSE(watched.expired());
    EXPECT_EQ(Finish(&queue, r), 0);
  }
  EXPECT_TRUE(watched.expired());
  EXPECT_TRUE(Works());
}

TEST(ProcessPoolTest, QueuesOfManyThreadsMakeAndDestroyIt) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      for (int k = 0; k < 50; ++k) EXPECT_TRUE(Works());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ProcessPoolTest, AForkedChildMakesItsOwn) {
  if (kThreadSanitized) GTEST_SKIP() << "TSan: no threads in a forked child";
  auto queue = std::make_unique<Queue>();
  EXPECT_EQ(Finish(queue.get(), Submit(queue.get(), Op::kNoOp)), 0);
  const ChildOutcome child = RunInChild([&] {
    const bool before = Works();
    queue = nullptr;
    return !before || !Works();
  });
  EXPECT_EQ(child.status, 0) << child.printed;
  EXPECT_EQ(Finish(queue.get(), Submit(queue.get(), Op::kNoOp)), 0);
}

}  // namespace
}  // namespace uasio::internal
