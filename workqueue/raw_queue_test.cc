// A RawQueue in one thread: its order, also against a model, and its event fd.

#include "workqueue/raw_queue.h"

#include <chrono>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "asio/testing/fd.h"
#include "asio/testing/memory_end.h"
#include "asio/testing/seed.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using std::chrono::steady_clock;

class RawQueueTest : public testing::Test {
 protected:
  RawQueueTest() : works_(16) {
    for (Work& w : works_) w = {};
  }

  // The work number `i`, with this priority.
  Work* WorkAt(size_t i, unsigned priority = 0) {
    works_[i].priority = priority;
    return &works_[i];
  }

  // Puts works 0, 1, ... with these priorities, one by one.
  void PutAll(const std::vector<unsigned>& priorities) {
    for (size_t i = 0; i < priorities.size(); ++i) {
      queue_.Put(WorkAt(i, priorities[i]));
    }
  }

  // Takes all work, one by one, and returns the numbers.
  std::vector<size_t> TakeAll() {
    std::vector<size_t> numbers;
    while (Work* w = queue_.TryGet()) numbers.push_back(w - works_.data());
    return numbers;
  }

  // Empties the queue, which holds works 1 and 0, in one of four ways.
  bool TakeBoth(int way) {
    WorkList out;
    if (way == 0) return TakeAll().size() == 2;  // And finds it empty.
    if (way == 1) return queue_.GetAll(&out, kDontWait);
    if (way == 2) return queue_.TryGet() && queue_.TryGet();
    return queue_.TryGet() && queue_.Remove(WorkAt(0));
  }

  std::vector<Work> works_;
  RawQueue queue_;
  EventFd event_;
};

using Numbers = std::vector<size_t>;

TEST_F(RawQueueTest, ANewQueueIsEmpty) {
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.surplus(), 0u);
  EXPECT_EQ(queue_.TryGet(), nullptr);
}

TEST_F(RawQueueTest, PriorityZeroIsFirstComeFirstServed) {
  PutAll({0, 0, 0, 0});
  EXPECT_FALSE(queue_.empty());
  EXPECT_EQ(TakeAll(), (Numbers{0, 1, 2, 3}));
  EXPECT_TRUE(queue_.empty());
}

TEST_F(RawQueueTest, HigherPriorityGoesFirst) {
  PutAll({0, 1, 3, 2, ~0u});
  EXPECT_EQ(TakeAll(), (Numbers{4, 2, 3, 1, 0}));
}

TEST_F(RawQueueTest, EqualPrioritiesAreFirstComeFirstServed) {
  PutAll({7, 0, 7, 7, 0, 7, 7});
  EXPECT_EQ(TakeAll(), (Numbers{0, 2, 3, 5, 6, 1, 4}));
}

TEST_F(RawQueueTest, ABatchIsPutInItsOrderAndLeftEmpty) {
  WorkList batch;
  batch.AddTail(WorkAt(0));
  batch.AddTail(WorkAt(1, 1));
  batch.AddTail(WorkAt(2));
  queue_.Put(&batch);
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(TakeAll(), (Numbers{1, 0, 2}));
}

TEST_F(RawQueueTest, PutReturnsTheSurplus) {
  EXPECT_EQ(queue_.Put(WorkAt(0)), 1u);
  EXPECT_EQ(queue_.Put(WorkAt(1, 1)), 2u);
  WorkList batch;
  batch.AddTail(WorkAt(2));
  batch.AddTail(WorkAt(3));
  EXPECT_EQ(queue_.Put(&batch), 4u);
  EXPECT_EQ(queue_.surplus(), 4u);
}

TEST_F(RawQueueTest, GetAllMovesEverythingToTheTailInOrder) {
  PutAll({0, 2, 1, 0});
  WorkList out;
  out.AddTail(WorkAt(9));
  EXPECT_TRUE(queue_.GetAll(&out, kDontWait));
  Numbers numbers;
  for (Work& w : out) numbers.push_back(&w - works_.data());
  EXPECT_EQ(numbers, (Numbers{9, 1, 2, 0, 3}));
  EXPECT_TRUE(queue_.empty());
  EXPECT_FALSE(queue_.GetAll(&out, kDontWait));
}

TEST_F(RawQueueTest, GetReturnsNullAtTheDeadlineAndNotBefore) {
  WorkList out;
  for (int round = 0; round < 3; ++round) {
    Deadline deadline = steady_clock::now() + std::chrono::milliseconds(2);
    EXPECT_EQ(queue_.Get(deadline), nullptr);
    EXPECT_GE(steady_clock::now(), deadline);
    deadline = steady_clock::now() + std::chrono::microseconds(100);
    EXPECT_FALSE(queue_.GetAll(&out, deadline));
    EXPECT_GE(steady_clock::now(), deadline);
  }
}

TEST_F(RawQueueTest, GetWithADeadlineInThePastReturnsWaitingWork) {
  for (Deadline past : {steady_clock::now(), Deadline(), kDontWait,
                        Deadline::min() + std::chrono::nanoseconds(1)}) {
    EXPECT_EQ(queue_.Get(past), nullptr);
    queue_.Put(WorkAt(0));
    EXPECT_EQ(queue_.Get(past), WorkAt(0));
  }
}

TEST_F(RawQueueTest, RemoveTakesWorkFromAnyPosition) {
  PutAll({0, 5, 0, 6, 4, 0});
  EXPECT_TRUE(queue_.Remove(WorkAt(2)));
  EXPECT_TRUE(queue_.Remove(WorkAt(1, 5)));
  EXPECT_FALSE(queue_.Remove(WorkAt(2)));
  EXPECT_FALSE(queue_.Remove(WorkAt(9)));
  EXPECT_EQ(queue_.surplus(), 4u);
  EXPECT_EQ(TakeAll(), (Numbers{3, 4, 0, 5}));
}

TEST_F(RawQueueTest, RemoveOfTheOnlyWorkLeavesTheQueueEmpty) {
  for (unsigned priority : {0, 1}) {
    queue_.Put(WorkAt(0, priority));
    EXPECT_TRUE(queue_.Remove(WorkAt(0, priority)));
    EXPECT_TRUE(queue_.empty());
    EXPECT_EQ(queue_.TryGet(), nullptr);
  }
}

TEST_F(RawQueueTest, AClosedQueueReturnsItsWorkAndNeverBlocks) {
  PutAll({0, 1});
  queue_.Close();
  EXPECT_EQ(queue_.Get(kNoDeadline), WorkAt(1, 1));
  EXPECT_EQ(queue_.Get(kNoDeadline), WorkAt(0));
  EXPECT_EQ(queue_.Get(kNoDeadline), nullptr);
  WorkList out;
  EXPECT_FALSE(queue_.GetAll(&out, kNoDeadline));
  queue_.Put(WorkAt(2));
  EXPECT_EQ(queue_.Get(kNoDeadline), WorkAt(2));
}

TEST_F(RawQueueTest, OnlyTheFirstWorkIsAnnouncedOnTheEventFd) {
  queue_.SignalOn(event_.fd());
  EXPECT_EQ(event_.Read(), 0u);
  PutAll({0, 1, 0});
  EXPECT_EQ(event_.Read(), 1u);
}

TEST_F(RawQueueTest, ABatchIsAnnouncedOnceAndAnEmptyOneIsNot) {
  queue_.SignalOn(event_.fd());
  WorkList batch;
  queue_.Put(&batch);
  EXPECT_EQ(event_.Read(), 0u);
  batch.AddTail(WorkAt(0));
  batch.AddTail(WorkAt(1));
  queue_.Put(&batch);
  EXPECT_EQ(event_.Read(), 1u);
}

TEST_F(RawQueueTest, WorkIsAnnouncedAgainAfterTheQueueWasEmpty) {
  queue_.SignalOn(event_.fd());
  for (int way = 0; way < 4; ++way) {
    PutAll({0, 0});
    EXPECT_EQ(event_.Read(), 1u) << way;
    EXPECT_EQ(queue_.TryGet(), WorkAt(0));
    queue_.Put(WorkAt(0));
    EXPECT_EQ(event_.Read(), 0u) << way;  // It was not empty.
    EXPECT_TRUE(TakeBoth(way)) << way;
  }
}

TEST_F(RawQueueTest, WorkThatWaitsAlreadyIsAnnouncedAtOnce) {
  PutAll({0, 0});
  queue_.SignalOn(event_.fd());
  EXPECT_EQ(event_.Read(), 1u);
}

TEST_F(RawQueueTest, SignalOnMinusOneEndsTheAnnouncements) {
  queue_.SignalOn(event_.fd());
  queue_.SignalOn(-1);
  PutAll({0});
  EXPECT_EQ(event_.Read(), 0u);
}

// A queue and a model of it: the waiting work in the order of its return.
class RandomQueue {
 public:
  explicit RandomQueue(uint64_t seed) : random_(seed), works_(64) {
    for (Work& w : works_) free_.push_back(&w);
  }

  void Step() {
    switch (Below(8)) {
      case 0:
      case 1:
      case 2:
        if (Work* w = Fresh()) queue_.Put(w);
        break;
      case 3:
        return PutBatch();
      case 4:
      case 5:
        EXPECT_EQ(queue_.TryGet(), model_.empty() ? nullptr : Next());
        break;
      case 6:
        return Remove();
      default:
        if (Below(8) == 0) GetAll();
    }
    EXPECT_EQ(queue_.surplus(), model_.size());
  }

 private:
  size_t Below(size_t bound) { return random_() % bound; }

  // Free work with a random priority, added to the model; nullptr: none.
  Work* Fresh() {
    if (free_.empty()) return nullptr;
    Work* w = free_.back();
    free_.pop_back();
    w->priority = Below(2) == 0 ? 0 : Below(5);
    model_[{~w->priority, ++sequence_}] = w;
    return w;
  }

  Work* Next() {
    Work* w = model_.begin()->second;
    model_.erase(model_.begin());
    free_.insert(free_.begin(), w);
    return w;
  }

  void PutBatch() {
    WorkList batch;
    for (size_t i = Below(4); i > 0; --i) {
      if (Work* w = Fresh()) batch.AddTail(w);
    }
    EXPECT_EQ(queue_.Put(&batch), model_.size());
  }

  void Remove() {
    Work* w = &works_[Below(works_.size())];
    auto at = model_.begin();
    while (at != model_.end() && at->second != w) ++at;
    EXPECT_EQ(queue_.Remove(w), at != model_.end());
    if (at == model_.end()) return;
    model_.erase(at);
    free_.push_back(w);
  }

  void GetAll() {
    WorkList out;
    EXPECT_EQ(queue_.GetAll(&out, kDontWait), !model_.empty());
    while (!model_.empty()) EXPECT_EQ(out.RemoveHead(), Next());
    EXPECT_TRUE(out.empty());
  }

  std::mt19937_64 random_;
  std::vector<Work> works_;
  std::vector<Work*> free_;
  std::map<std::pair<unsigned, uint64_t>, Work*> model_;
  uint64_t sequence_ = 0;
  RawQueue queue_;
};

TEST(RawQueueRandomTest, AgreesWithAModelAfterEveryStep) {
  constexpr int kSteps = 100000;
  const uint64_t seed = TestSeed(20250318);
  RandomQueue queue(seed);
  for (int step = 0; step < kSteps; ++step) {
    SCOPED_TRACE(testing::Message() << "UASIO_SEED=" << seed << " " << step);
    queue.Step();
    if (testing::Test::HasFailure()) return;
  }
}

TEST_F(RawQueueTest, WithoutMemoryAPriorityCountsAsZero) {
  const std::vector<unsigned> priorities = {1, 0, 2};
  {
    const MemoryEnd none(0);
    PutAll(priorities);
  }
  queue_.Put(WorkAt(3, 1));
  EXPECT_EQ(TakeAll(), std::vector<size_t>({3, 0, 1, 2}));
}

}  // namespace
}  // namespace uasio
