#include "workqueue/work_queue.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "asio/testing/fd.h"
#include "asio/testing/seed.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

using std::chrono::steady_clock;

WorkerPoolOptions Threads(size_t threads_max) {
  WorkerPoolOptions options;
  options.threads_max = threads_max;
  return options;
}

class WorkQueueTest : public testing::Test {
 protected:
  Job blocker_{[this](WorkerThread*) { gate_.Wait(); }};
  Gate gate_;
  WorkerPool pool_{Threads(1)};
  WorkQueue queue_{&pool_};
};

TEST_F(WorkQueueTest, WithNothingRunningEveryWaitIsNullAtOnce) {
  EXPECT_EQ(queue_.running(), 0u);
  EXPECT_EQ(queue_.Wait(), nullptr);
  EXPECT_EQ(queue_.TryWait(), nullptr);
  EXPECT_EQ(queue_.WaitUntil(kNoDeadline), nullptr);
}

TEST_F(WorkQueueTest, WaitReturnsTheWorkOnceItHasRun) {
  bool ran = false;
  Job job([&](WorkerThread*) { ran = true; });
  queue_.Submit(&job);
  EXPECT_EQ(queue_.Wait(), &job);
  EXPECT_TRUE(ran);
  EXPECT_EQ(queue_.Wait(), nullptr);
}

TEST_F(WorkQueueTest, TryWaitIsNullWhileTheWorkRuns) {
  queue_.Submit(&blocker_);
  EXPECT_EQ(queue_.TryWait(), nullptr);
  EXPECT_EQ(queue_.running(), 1u);
  gate_.Open();
  EXPECT_EQ(queue_.Wait(), &blocker_);
}

TEST_F(WorkQueueTest, WaitUntilIsNullAtTheDeadlineAndNotBefore) {
  queue_.Submit(&blocker_);
  const Deadline deadline = steady_clock::now() + std::chrono::milliseconds(2);
  EXPECT_EQ(queue_.WaitUntil(deadline), nullptr);
  EXPECT_GE(steady_clock::now(), deadline);
  EXPECT_EQ(queue_.running(), 1u);
  gate_.Open();
  EXPECT_EQ(queue_.WaitUntil(kNoDeadline), &blocker_);
}

TEST_F(WorkQueueTest, RunningCountsSubmittedWorkThatIsNotReturned) {
  Job first([](WorkerThread*) {}), second([](WorkerThread*) {});
  queue_.Submit(&first);
  EXPECT_EQ(queue_.running(), 1u);
  queue_.Submit(&second);
  EXPECT_EQ(queue_.running(), 2u);
  queue_.Wait();
  EXPECT_EQ(queue_.running(), 1u);
  queue_.Wait();
  EXPECT_EQ(queue_.running(), 0u);
}

TEST_F(WorkQueueTest, ABatchIsSubmittedInItsOrderAndLeftEmpty) {
  std::deque<Job> jobs;
  WorkList batch;
  for (int i = 0; i < 5; ++i) {
    jobs.emplace_back([](WorkerThread*) {});
    batch.AddTail(&jobs.back());
  }
  queue_.Submit(&batch);
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(queue_.running(), jobs.size());
  for (Job& job : jobs) EXPECT_EQ(queue_.Wait(), &job);
}

TEST_F(WorkQueueTest, WorkThatHasNotBegunCanBeTakenBack) {
  Counter begun;
  Job first([&](WorkerThread*) { begun.Add(), gate_.Wait(); });
  Job second([](WorkerThread*) { ADD_FAILURE() << "it was taken back"; });
  queue_.Submit(&first);
  begun.WaitFor(1);
  queue_.Submit(&second);
  EXPECT_FALSE(queue_.Cancel(&first));
  EXPECT_TRUE(queue_.Cancel(&second));
  EXPECT_FALSE(queue_.Cancel(&second));
  EXPECT_EQ(queue_.running(), 1u);
  gate_.Open();
  EXPECT_EQ(queue_.Wait(), &first);
  EXPECT_EQ(queue_.Wait(), nullptr);
}

TEST_F(WorkQueueTest, FinishedWorkCannotBeTakenBack) {
  Job job([](WorkerThread*) {});
  queue_.Submit(&job);
  Job barrier([](WorkerThread*) {});
  WorkQueue other(&pool_);
  other.Submit(&barrier);
  other.Wait();
  EXPECT_FALSE(queue_.Cancel(&job));
  EXPECT_EQ(queue_.Wait(), &job);
}

TEST_F(WorkQueueTest, WorkOfAnotherQueueMustNotBeTakenBack) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const char kRule[] =
      "WorkQueue: Cancel\\(\\) of work that is not this queue's";
  EXPECT_DEATH(
      {
        queue_.Submit(&blocker_);
        Job others([](WorkerThread*) {});
        WorkQueue other(&pool_);
        other.Submit(&others);
        static_cast<void>(queue_.Cancel(&others));
      },
      kRule);
  Job never([](WorkerThread*) {});
  EXPECT_DEATH(static_cast<void>(queue_.Cancel(&never)), kRule);
}

TEST_F(WorkQueueTest, FinishedWorkIsAnnouncedOnTheEventFd) {
  EventFd event;
  queue_.SignalOn(event.fd());
  queue_.Submit(&blocker_);
  EXPECT_EQ(event.Read(), 0u);
  gate_.Open();
  event.WaitReadable();
  EXPECT_EQ(event.Read(), 1u);
  EXPECT_EQ(queue_.TryWait(), &blocker_);
}

TEST_F(WorkQueueTest, FinishedWorkOfHigherPriorityIsReturnedFirst) {
  Job low([](WorkerThread*) {}), high([](WorkerThread*) {}, 1);
  queue_.Submit(&blocker_);
  queue_.Submit(&low);
  queue_.Submit(&high);
  gate_.Open();
  WorkQueue other(&pool_);
  Job barrier([](WorkerThread*) {});
  other.Submit(&barrier);
  other.Wait();
  EXPECT_EQ(queue_.Wait(), &high);
  EXPECT_EQ(queue_.Wait(), &blocker_);
  EXPECT_EQ(queue_.Wait(), &low);
}

TEST(WorkQueueLifeTest, TheDestructorWaitsForWhatIsRunning) {
  WorkerPool pool(Threads(2));
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> ran{0};
    std::deque<Job> jobs;
    for (int i = 0; i < 8; ++i)
      jobs.emplace_back([&](WorkerThread*) { ++ran; });
    {
      WorkQueue queue(&pool);
      for (Job& job : jobs) queue.Submit(&job);
      if (round % 2 == 0) queue.Wait();
    }
    EXPECT_EQ(ran, 8);
  }
}

TEST(WorkQueueLifeTest, AQueueMayBeDestroyedOnceAllWorkIsReturned) {
  WorkerPool pool(Threads(2));
  for (int round = 0; round < 5000; ++round) {
    auto queue = std::make_unique<WorkQueue>(&pool);
    auto job = std::make_unique<Job>([](WorkerThread*) {});
    queue->Submit(job.get());
    EXPECT_EQ(queue->Wait(), job.get());
  }
}

// Keeps a random number in flight until `kTotal` have come back.
void Exchange(WorkerPool* pool, uint64_t seed) {
  constexpr size_t kJobs = 32, kTotal = 20000;
  std::mt19937_64 random(seed);
  WorkQueue queue(pool);
  std::deque<Job> jobs;
  std::set<Work*> idle;
  size_t returned = 0;
  std::atomic<size_t> ran{0};
  for (size_t i = 0; i < kJobs; ++i) {
    jobs.emplace_back([&](WorkerThread*) { ++ran; });
    idle.insert(&jobs.back());
  }
  while (returned < kTotal) {
    WorkList batch;
    for (size_t n = random() % 8; n > 0 && !idle.empty(); --n) {
      Work* w = *idle.begin();
      idle.erase(idle.begin());
      w->priority = random() % 2;
      batch.AddTail(w);
    }
    if (random() % 2 == 0) {
      queue.Submit(&batch);
    } else {
      while (Work* w = batch.RemoveHead()) queue.Submit(w);
    }
    ASSERT_EQ(queue.running(), kJobs - idle.size());
    for (size_t n = random() % 8; n > 0; --n) {
      Work* w = random() % 2 == 0 ? queue.TryWait() : queue.Wait();
      if (w == nullptr) break;
      ASSERT_TRUE(idle.insert(w).second);
      ++returned;
    }
  }
  while (queue.Wait() != nullptr) ++returned;
  EXPECT_EQ(ran, returned);
}

TEST(WorkQueueSharingTest, QueuesThatShareAPoolGetTheirOwnWorkBack) {
  const uint64_t seed = TestSeed(9);
  WorkerPool pool(Threads(3));
  std::vector<std::thread> owners;
  for (uint64_t i = 0; i < 4; ++i) {
    owners.emplace_back([&pool, seed, i] { Exchange(&pool, seed + i); });
  }
  for (std::thread& owner : owners) owner.join();
}

TEST(WorkQueueDeathTest, UseByAnotherThreadEndsTheProgram) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  WorkerPool pool;
  WorkQueue queue(&pool);
  EXPECT_DEATH(std::thread([&] { queue.TryWait(); }).join(),
               "only the thread that created the queue may use it");
}

// Submits in a forked child, and ends as the child ends.
void UseInAForkedChild(WorkerPool* pool, WorkQueue* queue) {
  const pid_t child = fork();
  if (child != 0) {
    int status = 0;
    waitpid(child, &status, 0);
    WIFSIGNALED(status) ? std::abort() : _exit(0);
  }
  Work nothing = {};
  nothing.go = [](WorkerThread*, Work*) {};
  queue != nullptr ? queue->Submit(&nothing) : pool->Submit(&nothing);
  _exit(0);
}

TEST(WorkQueueDeathTest, UseInAForkedChildEndsTheChild) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  WorkerPool pool;
  WorkQueue queue(&pool);
  EXPECT_DEATH(UseInAForkedChild(&pool, &queue),
               "a forked child must not use its parent's queue");
  EXPECT_DEATH(UseInAForkedChild(&pool, nullptr),
               "a forked child must not use its parent's pool");
}

TEST(WorkQueueDeathTest, SubmitOfWorkWithoutGoEndsTheProgram) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        WorkerPool pool;
        WorkQueue queue(&pool);
        Work w = {};
        queue.Submit(&w);
      },
      "uasio: Submit: the work has no go\\(\\)");
}

}  // namespace
}  // namespace uasio
