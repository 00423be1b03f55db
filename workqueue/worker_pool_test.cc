// How a WorkerPool runs work: order, replies, cancelling, hooks, the set-up of
// its threads, and the rules of its users.

#include "workqueue/worker_pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <deque>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "asio/testing/threads.h"
#include "gtest/gtest.h"
#include "workqueue/raw_queue.h"

namespace uasio {
namespace {

constexpr size_t kRefusedStackBytes = size_t{1} << 46;

WorkerPoolOptions Threads(size_t threads_max) {
  WorkerPoolOptions options;
  options.threads_max = threads_max;
  return options;
}

// Runs `function` in a pool with these options, to the end.
void RunIn(WorkerPoolOptions options, Job::Function function) {
  Job job(std::move(function));
  WorkerPool pool(std::move(options));
  pool.Submit(&job);
}

TEST(WorkerPoolTest, TheExampleOfTheHeaderRuns) {
  static bool ran;
  ran = false;
  struct Hello : Work {};
  Hello hello = {};
  hello.go = [](WorkerThread*, Work*) { ran = true; };
  {
    WorkerPoolOptions options;
    options.threads_max = 4;
    WorkerPool pool(options);
    pool.Submit(&hello);
  }
  EXPECT_TRUE(ran);
}

TEST(WorkerPoolTest, ACallableRunsOnceAndIsDestroyed) {
  const auto held = std::make_shared<int>(0);
  std::packaged_task<int()> task([held] { return ++*held; });
  std::future<int> result = task.get_future();
  {
    WorkerPool pool(Threads(2));
    pool.Submit(std::move(task));
    EXPECT_EQ(result.get(), 1);
    const auto add = [held] { ++*held; };
    pool.Submit(add);
  }
  EXPECT_EQ(*held, 2);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(WorkerPoolTest, ACallableRunsInTheCallerIfThereIsNoThread) {
  WorkerPoolOptions options = Threads(1);
  options.stack_bytes = kRefusedStackBytes;
  WorkerPool pool(options);
  bool ran = false;
  pool.Submit([&ran] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(WorkerPoolTest, OneThreadRunsByPriorityAndThenInSubmitOrder) {
  Gate gate;
  Counter begun;
  Log<int> ran;
  Job blocker([&](WorkerThread*) { begun.Add(), gate.Wait(); });
  std::deque<Job> jobs;
  {
    WorkerPool pool(Threads(1));
    pool.Submit(&blocker);
    begun.WaitFor(1);
    const unsigned priorities[] = {0, 2, 0, 1, 2};
    for (int i = 0; i < 5; ++i) {
      jobs.emplace_back([&ran, i](WorkerThread*) { ran.Add(i); },
                        priorities[i]);
      pool.Submit(&jobs.back());
    }
    gate.Open();
  }
  EXPECT_EQ(ran.entries(), (std::vector<int>{1, 4, 3, 0, 2}));
}

TEST(WorkerPoolTest, HigherPriorityMayStarveTheRest) {
  constexpr int kRounds = 1000;
  WorkerPool* submit_to = nullptr;
  int rounds = 0, rounds_before_low = -1;
  Counter low_ran;
  Job low([&](WorkerThread*) { rounds_before_low = rounds, low_ran.Add(); });
  Job high({}, 1);
  high.function = [&](WorkerThread*) {
    if (rounds == 0) submit_to->Submit(&low);
    if (++rounds < kRounds) submit_to->Submit(&high);
  };
  WorkerPool pool(Threads(1));
  submit_to = &pool;
  pool.Submit(&high);
  low_ran.WaitFor(1);
  EXPECT_EQ(rounds_before_low, kRounds);
}

TEST(WorkerPoolTest, FinishedWorkGoesToItsReplyTo) {
  RawQueue first_replies, second_replies;
  Job first([](WorkerThread*) {}), second([](WorkerThread*) {});
  first.reply_to = &first_replies;
  second.reply_to = &second_replies;
  WorkerPool pool;
  pool.Submit(&second);
  pool.Submit(&first);
  EXPECT_EQ(first_replies.Get(kNoDeadline), &first);
  EXPECT_EQ(second_replies.Get(kNoDeadline), &second);
}

TEST(WorkerPoolTest, AUsersReplyFunctionReplacesTheDefault) {
  WorkerPoolOptions options;
  options.reply = [](Work* w) {
    reinterpret_cast<Counter*>(w->reply_to)->Add();
  };
  Counter replies;
  Job job([](WorkerThread*) {});
  job.reply_to = reinterpret_cast<RawQueue*>(&replies);
  WorkerPool pool(options);
  pool.Submit(&job);
  replies.WaitFor(1);
}

TEST(WorkerPoolTest, AUsersRunFunctionReplacesTheDefault) {
  WorkerPoolOptions options;
  options.run = [](WorkerThread* thread, Work* w) {
    w->priority = 7;
    w->go(thread, w);
  };
  unsigned seen = 0;
  RawQueue replies;
  Job job([&](WorkerThread*) { seen = job.priority; });
  job.reply_to = &replies;
  WorkerPool pool(options);
  pool.Submit(&job);
  EXPECT_EQ(replies.Get(kNoDeadline), &job);
  EXPECT_EQ(seen, 7u);
}

struct SelfFreeing : Work {
  Counter* freed;
};

TEST(WorkerPoolTest, WorkWithoutAReplyToMayFreeItself) {
  constexpr size_t kWorks = 1000;
  Counter freed;
  WorkerPool pool(Threads(3));
  for (size_t i = 0; i < kWorks; ++i) {
    auto* w = new SelfFreeing();
    w->freed = &freed;
    w->go = [](WorkerThread*, Work* self) {
      Counter* counter = static_cast<SelfFreeing*>(self)->freed;
      delete static_cast<SelfFreeing*>(self);
      counter->Add();
    };
    pool.Submit(w);
  }
  freed.WaitFor(kWorks);
}

TEST(WorkerPoolTest, WorkThatHasNotBegunCanBeTakenBack) {
  Gate gate;
  Counter begun;
  Job running([&](WorkerThread*) { begun.Add(), gate.Wait(); });
  Job queued([](WorkerThread*) { ADD_FAILURE() << "it was taken back"; });
  WorkerPool pool(Threads(1));
  pool.Submit(&running);
  begun.WaitFor(1);
  for (unsigned priority : {0, 1}) {
    queued.priority = priority;
    pool.Submit(&queued);
    EXPECT_TRUE(pool.Cancel(&queued));
    EXPECT_FALSE(pool.Cancel(&queued));
  }
  EXPECT_FALSE(pool.Cancel(&running));
  gate.Open();
}

TEST(WorkerPoolTest, HooksRunOnceInEachThreadAndPassTheContext) {
  constexpr size_t kThreads = 4;
  using Entry = std::pair<pid_t, WorkerThread*>;
  Log<Entry> started, worked, stopped;
  WorkerPoolOptions options = Threads(kThreads);
  options.start_hook = [&] {
    auto* context = reinterpret_cast<WorkerThread*>(new int);
    started.Add({ThreadId(), context});
    return context;
  };
  options.stop_hook = [&](WorkerThread* context) {
    stopped.Add({ThreadId(), context});
  };
  Counter begun;
  std::deque<Job> jobs;
  {
    WorkerPool pool(options);
    for (size_t i = 0; i < kThreads; ++i) {
      jobs.emplace_back([&](WorkerThread* context) {
        worked.Add({ThreadId(), context});
        begun.Add(), begun.WaitFor(kThreads);  // So each is in its own thread.
      });
      pool.Submit(&jobs.back());
    }
  }
  std::vector<Entry> expected = started.entries();
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(expected.size(), kThreads);
  for (std::vector<Entry> seen : {worked.entries(), stopped.entries()}) {
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, expected);
  }
  for (const Entry& entry : expected)
    delete reinterpret_cast<int*>(entry.second);
}

TEST(WorkerPoolTest, WithoutAStartHookTheContextIsNull) {
  RunIn({}, [](WorkerThread* context) { EXPECT_EQ(context, nullptr); });
}

TEST(WorkerPoolTest, AllSignalsAreBlockedInTheThreads) {
  RunIn({}, [](WorkerThread*) {
    sigset_t blocked;
    ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &blocked), 0);
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
      const bool libc_keeps_it = signal > SIGSYS && signal < SIGRTMIN;
      if (signal == SIGKILL || signal == SIGSTOP || libc_keeps_it) continue;
      EXPECT_EQ(sigismember(&blocked, signal), 1) << signal;
    }
  });
}

TEST(WorkerPoolTest, TheSubmittersSignalMaskStaysAsItWas) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  RunIn({}, [](WorkerThread*) {});
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGUSR1), 1);
  EXPECT_EQ(sigismember(&mask, SIGUSR2), 0);
  EXPECT_EQ(sigismember(&mask, SIGALRM), 0);
}

std::string OwnThreadName() {
  char name[64] = "";
  pthread_getname_np(pthread_self(), name, sizeof(name));
  return name;
}

TEST(WorkerPoolTest, ThreadNamesAreCutTo15Bytes) {
  WorkerPoolOptions options;
  RunIn(options, [](WorkerThread*) { EXPECT_EQ(OwnThreadName(), "uasio"); });
  options.thread_name = "0123456789abcdefghi";
  RunIn(options,
        [](WorkerThread*) { EXPECT_EQ(OwnThreadName(), "0123456789abcde"); });
}

size_t OwnStackBytes() {
  pthread_attr_t attributes;
  size_t bytes = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  pthread_attr_getstacksize(&attributes, &bytes);
  pthread_attr_destroy(&attributes);
  return bytes;
}

TEST(WorkerPoolTest, ThreadsHaveTheRequestedStackSize) {
  WorkerPoolOptions options;
  for (size_t bytes : {size_t{1} << 20, size_t{16} << 20}) {
    options.stack_bytes = bytes;
    RunIn(options, [bytes](WorkerThread*) {
      EXPECT_GE(OwnStackBytes(), bytes);
      EXPECT_LT(OwnStackBytes(), bytes + (2 << 20));  // Sanitizers add some.
    });
  }
}

TEST(WorkerPoolTest, AStackSizeBelowTheSystemsMinimumIsRaisedToIt) {
  WorkerPoolOptions options;
  options.stack_bytes = 1;
  RunIn(options, [](WorkerThread*) { EXPECT_LT(OwnStackBytes(), 4u << 20); });
}

TEST(WorkerPoolTest, WhenNoThreadCanStartWorkRunsInItsSubmitter) {
  WorkerPoolOptions options;
  options.stack_bytes = kRefusedStackBytes;
  RawQueue replies;
  std::vector<pid_t> ran_in;
  std::deque<Job> jobs;
  WorkList batch;
  for (int i = 0; i < 3; ++i) {
    jobs.emplace_back([&](WorkerThread* context) {
      EXPECT_EQ(context, nullptr);
      ran_in.push_back(ThreadId());
    });
    jobs[i].reply_to = &replies;
    if (i > 0) batch.AddTail(&jobs[i]);
  }
  WorkerPool pool(options);
  pool.Submit(&jobs[0]);
  EXPECT_EQ(replies.TryGet(), &jobs[0]);
  pool.Submit(&batch);
  EXPECT_EQ(ran_in, std::vector<pid_t>(3, ThreadId()));
  EXPECT_EQ(replies.surplus(), 2u);
  EXPECT_EQ(pool.threads(), 0u);
}

class WorkerPoolDeathTest : public testing::Test {
 protected:
  WorkerPoolDeathTest() {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
  }
};

TEST_F(WorkerPoolDeathTest, AThreadsMaxOfZeroEndsTheProgram) {
  EXPECT_DEATH(WorkerPool{Threads(0)},
               "uasio: WorkerPool: threads_max must not be 0");
}

TEST_F(WorkerPoolDeathTest, AMinimumAboveTheMaximumEndsTheProgram) {
  WorkerPoolOptions options = Threads(2);
  options.threads_min = 3;
  EXPECT_DEATH(WorkerPool{options},
               "uasio: WorkerPool: threads_min must not exceed threads_max");
}

TEST_F(WorkerPoolDeathTest, WorkWithoutGoEndsTheProgram) {
  Work w = {};
  EXPECT_DEATH(WorkerPool().Submit(&w), "uasio: Submit: the work has no go\\(");
  EXPECT_DEATH(
      {
        WorkList batch;
        batch.AddTail(&w);
        WorkerPool().Submit(&batch);
      },
      "uasio: Submit: the work has no go\\(");
}

}  // namespace
}  // namespace uasio
