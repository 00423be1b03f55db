// A RawQueue between threads: waiting threads are woken, each work is got once,
// and the getter of the last work may destroy the queue.

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "asio/testing/fd.h"
#include "asio/testing/seed.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"
#include "workqueue/raw_queue.h"

namespace uasio {
namespace {

using std::chrono::steady_clock;

constexpr size_t kThreads = 4;

// Threads that sleep in Get() of `queue`; each gets one work.
class Sleepers {
 public:
  Sleepers(RawQueue* queue, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      threads_.emplace_back([this, queue] {
        ids_.Add(ThreadId());
        started_.Add();
        got_.Add(queue->Get(kNoDeadline));
      });
    }
    started_.WaitFor(count);
    for (pid_t id : ids_.entries()) EXPECT_TRUE(UntilAsleep(id));
  }

  size_t got() { return got_.entries().size(); }
  std::thread* thread() { return &threads_.front(); }

  // Joins the threads; returns what they got.
  std::vector<Work*> Join() {
    for (std::thread& thread : threads_) thread.join();
    return got_.entries();
  }

 private:
  Log<pid_t> ids_;
  Counter started_;
  Log<Work*> got_;
  std::vector<std::thread> threads_;
};

TEST(RawQueueThreadTest, PutWakesAWaitingThread) {
  RawQueue queue;
  Work w = {};
  Sleepers sleepers(&queue, 1);
  EXPECT_EQ(queue.Put(&w), 0u);
  EXPECT_EQ(sleepers.Join(), std::vector<Work*>{&w});
}

TEST(RawQueueThreadTest, ABatchWakesAllWaitingThreads) {
  RawQueue queue;
  std::vector<Work> works(kThreads + 3);
  Sleepers sleepers(&queue, kThreads);
  WorkList batch;
  for (Work& w : works) batch.AddTail(&w);
  EXPECT_EQ(queue.Put(&batch), 3u);
  EXPECT_EQ(sleepers.Join().size(), kThreads);
  EXPECT_EQ(queue.surplus(), 3u);
}

// Stops a thread in a signal handler, as if it had no processor, while it
// lives.
class Stopped {
 public:
  explicit Stopped(std::thread* thread) {
    gate_ = gate_pipe_.read_end.get();
    struct sigaction stop = {};
    stop.sa_handler = [](int) {
      stopped_ = true;
      char byte;
      while (read(gate_, &byte, 1) < 0) {
      }
      stopped_ = false;
    };
    sigaction(SIGUSR1, &stop, &before_);
    pthread_kill(thread->native_handle(), SIGUSR1);
    while (!stopped_) sched_yield();
  }
  ~Stopped() {
    EXPECT_EQ(write(gate_pipe_.write_end.get(), "x", 1), 1);
    while (stopped_) sched_yield();
    sigaction(SIGUSR1, &before_, nullptr);
  }

 private:
  static inline std::atomic<bool> stopped_{false};
  static inline int gate_ = -1;
  Pipe gate_pipe_;
  struct sigaction before_;
};

// The latest waiter is woken first.  It is late for the second work, which
// therefore wakes the other.
TEST(RawQueueThreadTest, AWokenThreadWithoutAProcessorDoesNotKeepTheOthers) {
  RawQueue queue;
  Work works[2] = {};
  Sleepers first(&queue, 1);
  Sleepers latest(&queue, 1);
  {
    const Stopped stopped(latest.thread());
    queue.Put(&works[0]);
    const Deadline late = steady_clock::now() + std::chrono::milliseconds(1);
    while (!HasPassed(late)) sched_yield();
    queue.Put(&works[1]);
    const Deadline deadline = steady_clock::now() + std::chrono::seconds(10);
    while (first.got() == 0 && !HasPassed(deadline)) sched_yield();
    EXPECT_EQ(first.got(), 1u);
  }
  EXPECT_EQ(first.Join().size() + latest.Join().size(), 2u);
}

TEST(RawQueueThreadTest, SurplusCountsTheWorkBeyondTheWaitingThreads) {
  RawQueue queue;
  std::vector<Work> works(kThreads + 2);
  Sleepers sleepers(&queue, kThreads);
  EXPECT_EQ(queue.surplus(), 0u);
  for (size_t i = 0; i < kThreads; ++i) EXPECT_EQ(queue.Put(&works[i]), 0u);
  EXPECT_EQ(queue.Put(&works[kThreads]), 1u);
  EXPECT_EQ(queue.Put(&works[kThreads + 1]), 2u);
  EXPECT_EQ(sleepers.Join().size(), kThreads);
}

TEST(RawQueueThreadTest, CloseWakesAllWaitingThreads) {
  RawQueue queue;
  Sleepers sleepers(&queue, kThreads);
  queue.Close();
  EXPECT_EQ(sleepers.Join(), std::vector<Work*>(kThreads, nullptr));
}

TEST(RawQueueThreadTest, AfterARemoveTheWaitingThreadGetsTheNextWork) {
  for (int round = 0; round < 1000; ++round) {
    RawQueue queue;
    Work removed = {}, kept = {};
    Counter started;
    Work* got = nullptr;
    std::thread getter([&] {
      started.Add();
      got = queue.Get(kNoDeadline);
    });
    started.WaitFor(1);
    queue.Put(&removed);
    const bool was_there = queue.Remove(&removed);
    queue.Put(&kept);
    getter.join();
    EXPECT_EQ(got, was_there ? &kept : &removed);
  }
}

struct Item : Work {
  std::atomic<int> times_got{0};
  RawQueue* reply = nullptr;
};

// Gets with a few short deadlines first, so that many waiters time out while
// they are being woken.  nullptr: the queue is closed and empty.
Work* GetWithTimeouts(RawQueue* queue, std::mt19937_64* random) {
  for (int i = (*random)() % 8; i > 0; --i) {
    const auto delay = std::chrono::nanoseconds((*random)() % 20000);
    Work* w = queue->Get(steady_clock::now() + delay);
    if (w != nullptr) return w;
  }
  return queue->Get(kNoDeadline);
}

TEST(RawQueueThreadTest, EachWorkIsGotExactlyOnce) {
  constexpr size_t kItemsPerPutter = 20000;
  const uint64_t seed = TestSeed(7);
  RawQueue queue;
  std::vector<Item> items(kThreads * kItemsPerPutter);
  std::vector<std::thread> putters, getters;
  for (size_t i = 0; i < kThreads; ++i) {
    putters.emplace_back([&, i] {
      std::mt19937_64 random(seed + i);
      WorkList batch;
      for (size_t j = 0; j < kItemsPerPutter; ++j) {
        Item* item = &items[i * kItemsPerPutter + j];
        item->priority = random() % 3;
        batch.AddTail(item);
        if (random() % 3 == 0) queue.Put(&batch);
        if (batch.empty() && random() % 2 == 0 && queue.Remove(item)) {
          queue.Put(item);
        }
      }
      queue.Put(&batch);
    });
    getters.emplace_back([&, i] {
      std::mt19937_64 random(seed - 1 - i);
      WorkList some;
      while (Work* w = GetWithTimeouts(&queue, &random)) {
        some.AddTail(w);
        if (random() % 16 == 0) queue.GetAll(&some, kDontWait);
        while (Work* got = some.RemoveHead()) {
          ++static_cast<Item*>(got)->times_got;
        }
      }
    });
  }
  for (std::thread& thread : putters) thread.join();
  queue.Close();
  for (std::thread& thread : getters) thread.join();
  for (const Item& item : items) ASSERT_EQ(item.times_got, 1);
}

// With one work in flight for each putter, the getters sleep most of the time.
// If a wake-up were lost, a putter would wait for ever.
TEST(RawQueueThreadTest, NoWakeUpIsLost) {
  constexpr int kRounds = 10000;
  const uint64_t seed = TestSeed(8);
  RawQueue queue;
  std::vector<std::thread> putters, getters;
  for (size_t i = 0; i < kThreads; ++i) {
    putters.emplace_back([&] {
      RawQueue replies;
      Item item;
      item.reply = &replies;
      for (int round = 0; round < kRounds; ++round) {
        queue.Put(&item);
        ASSERT_EQ(replies.Get(kNoDeadline), &item);
      }
    });
    getters.emplace_back([&, i] {
      std::mt19937_64 random(seed + i);
      while (Work* w = GetWithTimeouts(&queue, &random)) {
        static_cast<Item*>(w)->reply->Put(w);
      }
    });
  }
  for (std::thread& thread : putters) thread.join();
  queue.Close();
  for (std::thread& thread : getters) thread.join();
}

TEST(RawQueueThreadTest, TheGetterOfTheLastWorkMayDestroyTheQueue) {
  constexpr int kRounds = 5000;
  RawQueue orders;
  std::thread putter([&] {
    while (Work* w = orders.Get(kNoDeadline)) {
      RawQueue* reply = static_cast<Item*>(w)->reply;
      reply->Put(w);
    }
  });
  for (int round = 0; round < kRounds; ++round) {
    auto event = std::make_unique<EventFd>();
    auto queue = std::make_unique<RawQueue>();
    queue->SignalOn(event->fd());
    Item item;
    item.reply = queue.get();
    orders.Put(&item);
    if (round % 3 == 0) event->WaitReadable();
    if (round % 3 == 1) {
      while (queue->TryGet() == nullptr) {
      }
    } else {
      EXPECT_EQ(queue->Get(kNoDeadline), &item);
    }
    queue.reset();
    event.reset();
  }
  orders.Close();
  putter.join();
}

TEST(RawQueueThreadTest, NoAnnouncementOnTheEventFdIsLost) {
  constexpr size_t kItemsPerPutter = 20000;
  RawQueue queue;
  EventFd event;
  queue.SignalOn(event.fd());
  std::vector<Item> items(kThreads * kItemsPerPutter);
  std::vector<std::thread> putters;
  for (size_t i = 0; i < kThreads; ++i) {
    putters.emplace_back([&, i] {
      for (size_t j = 0; j < kItemsPerPutter; ++j) {
        queue.Put(&items[i * kItemsPerPutter + j]);
      }
    });
  }
  for (size_t got = 0; got < items.size();) {
    event.WaitReadable();
    event.Read();
    while (queue.TryGet() != nullptr) ++got;
  }
  for (std::thread& thread : putters) thread.join();
  EXPECT_TRUE(queue.empty());
}

// While it lives, this thread and those that it starts stay on one processor.
class PinnedToOneProcessor {
 public:
  PinnedToOneProcessor() {
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(sched_getcpu(), &here);
    pinned_ = sched_getaffinity(0, sizeof(before_), &before_) == 0 &&
              sched_setaffinity(0, sizeof(here), &here) == 0;
  }
  ~PinnedToOneProcessor() {
    if (pinned_) sched_setaffinity(0, sizeof(before_), &before_);
  }
  PinnedToOneProcessor(const PinnedToOneProcessor&) = delete;
  PinnedToOneProcessor& operator=(const PinnedToOneProcessor&) = delete;

  // False: the system refused it.
  bool pinned() const { return pinned_; }

 private:
  cpu_set_t before_;
  bool pinned_;
};

// How often this thread lost the processor while it could run.
long TimesPreempted() {
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

// Beside a busy thread, each yield costs a time slice.  Six of these waits
// yield all the same.
TEST(RawQueueThreadTest, BesideABusyThreadMostWaitsDoNotYield) {
  constexpr int kWaits = 63;
  const PinnedToOneProcessor here;
  if (!here.pinned()) GTEST_SKIP() << "cannot pin a thread to one processor";
  std::atomic<bool> done{false};
  Counter started;
  std::thread busy([&] {  // On the same processor.
    started.Add();
    while (!done) {
    }
  });
  started.WaitFor(1);
  RawQueue queue;
  const long before = TimesPreempted();
  for (int i = 0; i < kWaits; ++i) {
    const auto soon = steady_clock::now() + std::chrono::milliseconds(1);
    EXPECT_EQ(queue.Get(soon), nullptr);
  }
  EXPECT_LT(TimesPreempted() - before, kWaits / 2);
  done = true;
  busy.join();
}

}  // namespace
}  // namespace uasio
