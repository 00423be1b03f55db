// How many threads a WorkerPool has: it grows, shrinks, keeps its bounds, and
// never leaves work without a thread, however often threads end.

#include <sched.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "asio/testing/threads.h"
#include "gtest/gtest.h"
#include "workqueue/raw_queue.h"
#include "workqueue/work_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

constexpr size_t kThreads = 4;

class PoolThreadsTest : public testing::Test {
 protected:
  PoolThreadsTest() {
    options_.threads_max = kThreads;
    options_.start_hook = [this] { return started_.Add(), nullptr; };
    options_.stop_hook = [this](WorkerThread*) {
      stopped_.Add();
      if (stops_slowly_) stopping_.Add(), may_stop_.Wait();
    };
  }

  // Occupies `count` threads, at once, until Release().
  void Occupy(WorkerPool* pool, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      jobs_.emplace_back(
          [&](WorkerThread*) { occupied_.Add(), released_.Wait(); });
      pool->Submit(&jobs_.back());
    }
    occupied_.WaitFor(count);
  }
  void Release() { released_.Open(); }

  // Submits `count` jobs that end when all have begun; together_ counts them.
  void SubmitTogether(WorkerPool* pool, size_t count, bool in_a_batch) {
    WorkList batch;
    for (size_t i = 0; i < count; ++i) {
      jobs_.emplace_back([this, count](WorkerThread*) {
        together_.Add(), together_.WaitFor(count);
      });
      batch.AddTail(&jobs_.back());
    }
    if (in_a_batch) {
      pool->Submit(&batch);
      EXPECT_TRUE(batch.empty());
    }
    while (Work* w = batch.RemoveHead()) pool->Submit(w);
  }

  // The id of the thread in which the pool runs a new work.
  static pid_t SomeThread(WorkerPool* pool) {
    pid_t id = 0;
    Gate done;
    Job job([&](WorkerThread*) { id = ThreadId(), done.Open(); });
    pool->Submit(&job);
    done.Wait();
    return id;
  }

  static Deadline Soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(5);
  }

  static void WaitUntilThreads(const WorkerPool& pool, size_t at_most) {
    while (pool.threads() > at_most) sched_yield();
  }

  WorkerPoolOptions options_;
  Counter started_, stopped_, stopping_, occupied_, together_;
  Gate released_, may_stop_;
  std::atomic<bool> stops_slowly_{false};
  std::deque<Job> jobs_;
};

TEST_F(PoolThreadsTest, NoThreadStartsBeforeThereIsWork) {
  options_.threads_min = kThreads;
  WorkerPool pool(options_);
  EXPECT_EQ(pool.threads(), 0u);
}

TEST_F(PoolThreadsTest, ThePoolGrowsWhileWorkWaitsAndNobodyIsIdle) {
  WorkerPool pool(options_);
  SubmitTogether(&pool, kThreads, /*in_a_batch=*/false);
  together_.WaitFor(kThreads);
  EXPECT_EQ(pool.threads(), kThreads);
}

TEST_F(PoolThreadsTest, ThePoolGrowsForABatch) {
  WorkerPool pool(options_);
  SubmitTogether(&pool, kThreads, /*in_a_batch=*/true);
  together_.WaitFor(kThreads);
  EXPECT_EQ(pool.threads(), kThreads);
}

TEST_F(PoolThreadsTest, ThePoolGrowsForWorkThatIsSubmittedByWork) {
  WorkerPool* submit_to = nullptr;
  Counter ran;
  Job inner([&](WorkerThread*) { ran.Add(); });
  Job outer([&](WorkerThread*) {
    submit_to->Submit(&inner);
    ran.WaitFor(1);  // Needs a second thread.
  });
  WorkerPool pool(options_);
  submit_to = &pool;
  pool.Submit(&outer);
  ran.WaitFor(1);
}

TEST_F(PoolThreadsTest, ThePoolDoesNotGrowBeyondThreadsMax) {
  WorkerPool pool(options_);
  Occupy(&pool, 1);
  for (bool in_a_batch : {true, false}) {
    SubmitTogether(&pool, 2 * kThreads, in_a_batch);
    EXPECT_EQ(pool.threads(), kThreads);
  }
  EXPECT_LE(together_.count(), kThreads - 1);
  together_.Add(4 * kThreads);  // So that each can end alone.
  Release();
}

TEST_F(PoolThreadsTest, NoThreadStartsWhileOneIsIdle) {
  WorkerPool pool(options_);
  const pid_t thread = SomeThread(&pool);
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(UntilAsleep(thread));
    EXPECT_EQ(SomeThread(&pool), thread);
  }
  EXPECT_EQ(pool.threads(), 1u);
}

TEST_F(PoolThreadsTest, IdleThreadsEndAfterTheTimeout) {
  options_.idle_timeout = std::chrono::milliseconds(1);
  WorkerPool pool(options_);
  Occupy(&pool, kThreads);
  Release();
  WaitUntilThreads(pool, 0);
  EXPECT_EQ(stopped_.count(), started_.count());
}

TEST_F(PoolThreadsTest, ThreadsMinAreKept) {
  options_.threads_min = 1;
  options_.idle_timeout = std::chrono::microseconds(1);
  WorkerPool pool(options_);
  Occupy(&pool, kThreads);
  Release();
  for (int round = 0; round < 1000; ++round) {
    WaitUntilThreads(pool, 1);
    ASSERT_EQ(pool.threads(), 1u);
    SomeThread(&pool);
  }
  WaitUntilThreads(pool, 1);
  started_.WaitFor(stopped_.count() + 1);  // The last may be starting.
  EXPECT_EQ(started_.count(), stopped_.count() + 1);
}

TEST_F(PoolThreadsTest, ThreadsMinDoesNotCountThreadsInStopHooks) {
  options_.threads_min = 1;
  options_.idle_timeout = std::chrono::microseconds(1);
  WorkerPool pool(options_);
  Occupy(&pool, kThreads);
  stops_slowly_ = true;
  Release();
  stopping_.WaitFor(kThreads - 1);
  for (int round = 0; round < 1000; ++round) SomeThread(&pool);
  EXPECT_EQ(stopping_.count(), kThreads - 1);
  may_stop_.Open();
}

// If the threads took turns, none would ever be idle for long enough.
TEST_F(PoolThreadsTest, ALightLoadLetsTheOtherThreadsEnd) {
  options_.idle_timeout = std::chrono::milliseconds(50);
  WorkerPool pool(options_);
  Occupy(&pool, kThreads);
  Release();
  while (pool.threads() > 1) UntilAsleep(SomeThread(&pool));
}

TEST_F(PoolThreadsTest, AThreadInItsStopHookCountsAndIsThenReplaced) {
  options_.threads_max = 1;
  options_.idle_timeout = std::chrono::microseconds(1);
  Counter ran;
  Job job([&](WorkerThread*) { ran.Add(); });
  WorkerPool pool(options_);
  Occupy(&pool, 1);
  stops_slowly_ = true;
  Release();
  stopping_.WaitFor(1);
  const size_t started = started_.count();
  pool.Submit(&job);  // Does not wait for the stop hook.
  EXPECT_EQ(pool.threads(), 1u);
  EXPECT_EQ(started_.count(), started);
  EXPECT_EQ(ran.count(), 0u);
  may_stop_.Open();
  ran.WaitFor(1);
  EXPECT_EQ(started_.count(), started + 1);
}

TEST_F(PoolThreadsTest, NewWorkReplacesAllThreadsThatAreEnding) {
  options_.idle_timeout = std::chrono::microseconds(1);
  WorkerPool pool(options_);
  Occupy(&pool, kThreads);
  stops_slowly_ = true;
  Release();
  stopping_.WaitFor(kThreads);
  SubmitTogether(&pool, kThreads, /*in_a_batch=*/true);
  may_stop_.Open();
  together_.WaitFor(kThreads);
}

TEST_F(PoolThreadsTest, TheDestructorRunsEverythingSubmitted) {
  constexpr size_t kJobs = 1000;
  Counter ran;
  {
    WorkerPool pool(options_);
    for (size_t i = 0; i < kJobs; ++i) {
      jobs_.emplace_back([&](WorkerThread*) { ran.Add(); });
      pool.Submit(&jobs_.back());
    }
  }
  EXPECT_EQ(ran.count(), kJobs);
  EXPECT_EQ(started_.count(), stopped_.count());
}

TEST_F(PoolThreadsTest, TheDestructorRunsWhatTheLastWorkSubmits) {
  for (int round = 0; round < 1000; ++round) {
    Counter ran;
    auto pool = std::make_unique<WorkerPool>(options_);
    Job inner([&](WorkerThread*) { ran.Add(); });
    Job outer([&, submit_to = pool.get()](WorkerThread*) {
      for (int i = round % 8; i > 0; --i) sched_yield();
      submit_to->Submit(&inner);
      ran.WaitFor(1);  // Needs a second thread, however late.
    });
    pool->Submit(&outer);
    pool.reset();
    EXPECT_EQ(ran.count(), 1u);
  }
  EXPECT_EQ(started_.count(), stopped_.count());
}

TEST_F(PoolThreadsTest, TheDestructorRunsWhatAStopHookSubmits) {
  Counter ran;
  Job first([&](WorkerThread*) { ran.Add(); });
  Job last([&](WorkerThread*) { ran.Add(); });
  {
    WorkerPool* submit_to = nullptr;
    bool submitted = false;
    options_.threads_max = 1;
    options_.stop_hook = [&](WorkerThread*) {
      if (!submitted) submit_to->Submit(&last);
      submitted = true;
    };
    WorkerPool pool(options_);
    submit_to = &pool;
    pool.Submit(&first);
  }
  EXPECT_EQ(ran.count(), 2u);
}

TEST_F(PoolThreadsTest, AMomentWithoutThreadsLeavesNoWorkWaitingForEver) {
  options_.stack_bytes = NoRoomForStacks::kBigStackBytes;
  WorkerPool pool(options_);
  Occupy(&pool, 1);
  WorkQueue queue(&pool);
  Job job([](WorkerThread*) {});
  {
    const NoRoomForStacks none;
    queue.Submit(&job);
    EXPECT_EQ(queue.TryWait(), nullptr);
  }
  EXPECT_EQ(pool.threads(), 1u);
  EXPECT_EQ(queue.WaitUntil(Soon()), &job);
  Release();
}

TEST_F(PoolThreadsTest, SubmitOrRunRunsWhatNoThreadCanStartFor) {
  options_.stack_bytes = NoRoomForStacks::kBigStackBytes;
  Counter ran;
  Job first([&](WorkerThread*) { ran.Add(); });
  Job second([&](WorkerThread*) { ran.Add(); });
  WorkerPool pool(options_);
  Occupy(&pool, 1);
  {
    const NoRoomForStacks none;
    pool.SubmitOrRun(&first);
    EXPECT_EQ(ran.count(), 1u);
    pool.Submit(&second);
    EXPECT_EQ(ran.count(), 1u);
  }
  Release();
  ran.WaitFor(2);
}

// The only other thread is busy, and nobody waits for the pool.
TEST_F(PoolThreadsTest, AThreadThatEndsRunsWhatNoThreadCanStartFor) {
  options_.threads_max = 2;
  options_.stack_bytes = NoRoomForStacks::kBigStackBytes;
  options_.idle_timeout = std::chrono::microseconds(1);
  RawQueue replies;
  Job job([](WorkerThread*) {});
  job.reply_to = &replies;
  WorkerPool pool(options_);
  Occupy(&pool, 1);
  stops_slowly_ = true;
  Gate begun;
  Job other([&](WorkerThread*) { begun.Open(); });
  pool.Submit(&other);
  begun.Wait();
  stopping_.WaitFor(1);
  const NoRoomForStacks none;
  pool.Submit(&job);
  may_stop_.Open();
  EXPECT_EQ(replies.Get(Soon()), &job);
  Release();
}

// Submits and waits `works` times, so that the threads of a pool with a tiny
// timeout end and start again all the time.
void SubmitAndWait(WorkerPool* pool, int works) {
  RawQueue replies;
  Job job([](WorkerThread*) {});
  job.reply_to = &replies;
  for (int i = 0; i < works; ++i) {
    job.priority = i % 2;
    pool->Submit(&job);
    ASSERT_EQ(replies.Get(kNoDeadline), &job);
    if (i % 64 == 0) sched_yield();
  }
}

TEST_F(PoolThreadsTest, NothingIsStuckWhileTheOnlyThreadEndsAllTheTime) {
  options_.threads_max = 1;
  options_.idle_timeout = std::chrono::microseconds(1);
  WorkerPool pool(options_);
  SubmitAndWait(&pool, 100000);
  EXPECT_GT(started_.count(), 1u);
}

TEST_F(PoolThreadsTest, NothingIsStuckWhileManySubmitAndThreadsEnd) {
  options_.idle_timeout = std::chrono::microseconds(1);
  WorkerPool pool(options_);
  std::vector<std::thread> submitters;
  for (size_t i = 0; i < kThreads; ++i) {
    submitters.emplace_back([&pool] { SubmitAndWait(&pool, 10000); });
  }
  for (std::thread& thread : submitters) thread.join();
  EXPECT_LE(pool.threads(), kThreads);
}

}  // namespace
}  // namespace uasio
