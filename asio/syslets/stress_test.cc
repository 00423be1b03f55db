// Many syslets of several threads at once: no completion is lost or duplicated.

#include <errno.h>
#include <sys/syscall.h>

#include <cstddef>
#include <random>
#include <thread>
#include <vector>

#include "asio/syslets/syslet.h"
#include "asio/syslets/syslet_testing.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/seed.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using syslet_testing::Atom;
using syslet_testing::kBadFd;
using syslet_testing::kMightBlock;
using syslet_testing::TestHead;

constexpr size_t kOwners = 3;
constexpr size_t kSlots = 17;

// One thread with a head.  It executes syslets; each adds 1 to a count of its
// own and to one that all threads share.
class Executor {
 public:
  Executor(uint64_t seed, unsigned long* shared)
      : random_(seed), shared_(shared), items_(3 * kSlots) {
    for (Item& item : items_) {
      item.count_address = &item.count;
      item.atoms[0] = Atom(SYSLET_NR_UMEM_ADD, {AddressOf(&item), &one_});
      item.atoms[1] = Atom(SYSLET_NR_UMEM_ADD,
                           {reinterpret_cast<unsigned long*>(&shared_), &one_});
      item.atoms[2] = Atom(kMightBlock, {&bad_fd_});
      item.atoms[0].next = &item.atoms[1];
      item.atoms[1].next = &item.atoms[2];
    }
  }

  void Run(size_t rounds) {
    TestHead head(kSlots, 1 + random_() % 8);
    for (size_t i = 0; i < rounds; ++i) {
      Item& item = items_[random_() % items_.size()];
      if (!item.running) Start(&item);
      const size_t chance = random_() % 8;
      if (chance == 0) syslet_wait(1 + random_() % kSlots);
      if (chance <= 4) TakeSome(&head, 1 + random_() % 4);
      if (chance == 7) {
        __atomic_store_n(&head.get()->max_nr_threads, 1 + random_() % 8,
                         __ATOMIC_RELAXED);
      }
      if (random_() % 64 == 0) FinishAll(&head);
    }
    FinishAll(&head);
  }

  size_t started() const { return started_; }

 private:
  struct Item {
    unsigned long count = 0;
    unsigned long* count_address = nullptr;
    size_t started = 0;
    bool running = false;  // If silent, it may have ended.
    bool silent = false;
    syslet_uatom atoms[3];
  };

  unsigned long* AddressOf(Item* item) {
    return reinterpret_cast<unsigned long*>(&item->count_address);
  }

  void Start(Item* item) {
    const size_t kind = random_() % 8;
    const bool runs_here = kind < 2;
    item->silent = kind == 2;
    item->atoms[0].flags = kind > 5 ? SYSLET_ASYNC : 0;
    item->atoms[2].flags = item->silent ? SYSLET_NO_COMPLETE : 0;
    item->atoms[1].next = runs_here ? nullptr : &item->atoms[2];
    syslet_uatom* last = syslet_exec(item->atoms);
    if (syslet_error(last) == -EAGAIN) {
      EXPECT_GE(running_ + silent_, kSlots) << "the ring is not full";
      return;
    }
    ++item->started;
    ++started_;
    EXPECT_EQ(last, runs_here ? &item->atoms[1] : nullptr);
    if (last != nullptr) return;
    item->running = true;
    ++(item->silent ? silent_ : running_);
  }

  // syslet_wait() that returns 0 says that the silent ones have ended, too.
  void FinishAll(TestHead* head) {
    while (running_ > 0) {
      ASSERT_GT(syslet_wait(1), 0);
      TakeSome(head, kSlots);
    }
    EXPECT_EQ(syslet_wait(1), 0);
    silent_ = 0;
    for (Item& item : items_) {
      item.running = false;
      EXPECT_EQ(item.count, item.started);
    }
  }

  void TakeSome(TestHead* head, size_t max) {
    for (; max > 0; --max) {
      syslet_uatom* atom = head->Take();
      if (atom == nullptr) return;
      Item* owner = nullptr;
      for (Item& item : items_) {
        if (atom == &item.atoms[2]) owner = &item;
      }
      ASSERT_NE(owner, nullptr);
      ASSERT_TRUE(owner->running) << "its completion was in the ring twice";
      ASSERT_FALSE(owner->silent);
      EXPECT_EQ(owner->count, owner->started);
      owner->running = false;
      --running_;
    }
  }

  std::mt19937_64 random_;
  unsigned long* shared_;
  unsigned long one_ = 1;
  unsigned long bad_fd_ = kBadFd;
  std::vector<Item> items_;
  size_t running_ = 0;  // Syslets whose completion is still to be taken.
  size_t silent_ = 0;   // Running ones with SYSLET_NO_COMPLETE, at most.
  size_t started_ = 0;
};

TEST(StressTest, NoCompletionIsLostOrDuplicated) {
  const uint64_t seed = TestSeed(1);
  const auto rounds = static_cast<size_t>(Scaled(50000));
  unsigned long shared = 0;
  std::vector<std::thread> threads;
  std::vector<size_t> started(kOwners);
  for (size_t i = 0; i < kOwners; ++i) {
    threads.emplace_back([&, i] {
      Executor executor(seed + i, &shared);
      executor.Run(rounds);
      started[i] = executor.started();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared, started[0] + started[1] + started[2]);
  for (const size_t count : started) EXPECT_GT(count, rounds / 10);
}

// ring_test.cc tests the critical moment: between Store() and Count().
TEST(StressTest, AfterTakingACompletionTheRingHasRoom) {
  constexpr auto kRounds = static_cast<size_t>(Scaled(2000));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kOwners; ++i) {
    threads.emplace_back([] {
      TestHead head(1);
      unsigned long fd = kBadFd;
      syslet_uatom atom = Atom(kMightBlock, {&fd});
      for (size_t round = 0; round < kRounds; ++round) {
        ASSERT_EQ(syslet_exec(&atom), nullptr) << "in round " << round;
        while (head.Take() == nullptr) std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Heads are unregistered while their syslets run.
TEST(StressTest, UnregisterWaitsForAllSyslets) {
  const auto rounds = static_cast<size_t>(Scaled(500));
  for (size_t i = 0; i < rounds; ++i) {
    unsigned long fd = kBadFd;
    std::vector<long> results(kSlots, 0);
    std::vector<syslet_uatom> atoms(kSlots);
    {
      TestHead head(kSlots);
      for (size_t j = 0; j < kSlots; ++j) {
        atoms[j] = Atom(kMightBlock, {&fd}, &results[j],
                        j % 3 == 0 ? SYSLET_NO_COMPLETE : 0);
        ASSERT_EQ(syslet_exec(&atoms[j]), nullptr);
      }
    }
    EXPECT_EQ(results, std::vector<long>(kSlots, -EBADF));
  }
}

}  // namespace
}  // namespace uasio
