#include "workqueue/mutex.h"

#include <chrono>
#include <thread>
#include <vector>

#include "asio/testing/threads.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using std::chrono::steady_clock;

TEST(MutexTest, LetsOneThreadInAtATime) {
  constexpr int kThreads = 4, kRounds = 10000;
  Mutex mutex;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        MutexLock lock(&mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kRounds);
}

TEST(MutexTest, LockBlocksWhileTheMutexStaysTaken) {
  Mutex mutex;
  Log<pid_t> ids;
  Counter started;
  bool held = true;
  std::thread thread;
  {
    MutexLock lock(&mutex);
    thread = std::thread([&] {
      ids.Add(ThreadId());
      started.Add();
      MutexLock inner(&mutex);
      EXPECT_FALSE(held);
    });
    started.WaitFor(1);
    EXPECT_TRUE(UntilAsleep(ids.entries()[0]));
    held = false;
  }
  thread.join();
}

TEST(CondVarTest, WaitUntilIsFalseOnceTheDeadlineHasPassedAndNotBefore) {
  Mutex mutex;
  CondVar never;
  const Deadline deadline = steady_clock::now() + std::chrono::milliseconds(2);
  MutexLock lock(&mutex);
  while (never.WaitUntil(&mutex, deadline)) {
  }
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(CondVarTest, WaitUntilWithoutADeadlineWaitsForTheNotification) {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  std::thread thread([&] {
    MutexLock lock(&mutex);
    ready = true;
    changed.NotifyOne();
  });
  {
    MutexLock lock(&mutex);
    while (!ready) EXPECT_TRUE(changed.WaitUntil(&mutex, kNoDeadline));
  }
  thread.join();
}

TEST(CondVarTest, NotifyAllWakesEveryWaiter) {
  constexpr size_t kThreads = 4;
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  Log<pid_t> ids;
  Counter started;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      ids.Add(ThreadId());
      started.Add();
      MutexLock lock(&mutex);
      while (!ready) changed.Wait(&mutex);
    });
  }
  started.WaitFor(kThreads);
  for (pid_t id : ids.entries()) EXPECT_TRUE(UntilAsleep(id));
  {
    MutexLock lock(&mutex);
    ready = true;
    changed.NotifyAll();
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace uasio
