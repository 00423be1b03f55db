// Compares FileOrder, in thousands of random steps, with a model that compares
// every request with every earlier one.

#include <algorithm>
#include <cstdint>
#include <list>
#include <memory>
#include <ostream>
#include <random>
#include <set>
#include <vector>

#include "asio/internal/order.h"
#include "asio/testing/seed.h"
#include "gtest/gtest.h"

namespace uasio::internal {
namespace {

using Kind = OrderNode::Kind;

struct InFlight {
  std::unique_ptr<OrderNode> node;
  bool started;
};

bool Blocks(const OrderNode& earlier, const OrderNode& later) {
  const auto is_empty = [](const OrderNode& n) {
    return n.kind <= Kind::kWrite && n.begin >= n.end;
  };
  if (earlier.kind == Kind::kExclusive) return true;
  if (earlier.kind == Kind::kSync || is_empty(earlier)) return false;
  if (later.kind == Kind::kExclusive) return true;
  if (later.kind == Kind::kSync) return earlier.kind == Kind::kWrite;
  if (is_empty(later)) return false;
  const bool overlap =
      std::max(earlier.begin, later.begin) < std::min(earlier.end, later.end);
  const int writes =
      (earlier.kind == Kind::kWrite) + (later.kind == Kind::kWrite);
  return overlap && writes > 0;
}

enum class Ranges {
  kSmall,
  kHuge,  // Ranges of all sizes, up to offset INT64_MAX.
  kHot,   // A few ranges, again and again.
};

// The requests of one phase of the test.
struct Mix {
  int reads, writes, exclusives, syncs;  // Relative frequencies.
  size_t in_flight_max;
  Ranges ranges;
};

class RandomOrder {
 public:
  explicit RandomOrder(uint64_t seed) : random_(seed) {}

  void Step(const Mix& mix) {
    const size_t goal = 1 + Below(mix.in_flight_max);
    if (in_flight_.size() < goal) {
      Add(mix);
    } else {
      Remove();
    }
  }

  void Drain() {
    while (!in_flight_.empty() && !testing::Test::HasFailure()) Remove();
  }

  size_t held() const { return held_; }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }

  void Add(const Mix& mix) {
    auto node = std::make_unique<OrderNode>();
    node->kind = PickKind(mix);
    PickRange(mix.ranges, node.get());
    const bool starts = std::none_of(
        in_flight_.begin(), in_flight_.end(),
        [&](const InFlight& earlier) { return Blocks(*earlier.node, *node); });
    EXPECT_EQ(order_.Add(node.get()), starts);
    held_ += !starts;
    in_flight_.push_back({std::move(node), starts});
  }

  // Removes a random request, started or held.
  void Remove() {
    const auto chosen =
        std::next(in_flight_.begin(),
                  static_cast<std::ptrdiff_t>(Below(in_flight_.size())));
    std::multiset<const OrderNode*> released;
    order_.Remove(chosen->node.get(),
                  [&](OrderNode* node) { released.insert(node); });
    const std::unique_ptr<OrderNode> removed = std::move(chosen->node);
    in_flight_.erase(chosen);
    EXPECT_EQ(released, StartAllThatMay());
  }

  std::multiset<const OrderNode*> StartAllThatMay() {
    std::multiset<const OrderNode*> started;
    for (auto later = in_flight_.begin(); later != in_flight_.end(); ++later) {
      if (later->started) continue;
      later->started =
          std::none_of(in_flight_.begin(), later, [&](const InFlight& earlier) {
            return Blocks(*earlier.node, *later->node);
          });
      if (later->started) started.insert(later->node.get());
    }
    return started;
  }

  Kind PickKind(const Mix& mix) {
    int dice = static_cast<int>(
        Below(mix.reads + mix.writes + mix.exclusives + mix.syncs));
    if ((dice -= mix.reads) < 0) return Kind::kRead;
    if ((dice -= mix.writes) < 0) return Kind::kWrite;
    if ((dice -= mix.exclusives) < 0) return Kind::kExclusive;
    return Kind::kSync;
  }

  void PickRange(Ranges ranges, OrderNode* node) {
    switch (ranges) {
      case Ranges::kSmall:
        return PickSmallRange(node);
      case Ranges::kHuge:
        return PickHugeRange(node);
      case Ranges::kHot:
        node->begin = static_cast<int64_t>(10 * Below(3));
        node->end = node->begin + 10 + static_cast<int64_t>(5 * Below(2));
    }
  }

  void PickSmallRange(OrderNode* node) {
    node->begin = static_cast<int64_t>(Below(200));
    node->end = node->begin + static_cast<int64_t>(Below(20));
  }

  void PickHugeRange(OrderNode* node) {
    const int64_t begin = static_cast<int64_t>(random_() >> (1 + Below(63)));
    const int64_t size = static_cast<int64_t>(random_() >> (1 + Below(63)));
    node->begin = Below(2) == 0 ? begin : INT64_MAX - begin;
    node->end = size > INT64_MAX - node->begin ? INT64_MAX : node->begin + size;
  }

  std::mt19937_64 random_;
  FileOrder order_;
  std::list<InFlight> in_flight_;  // In the order of their Add().
  size_t held_ = 0;
};

constexpr Mix kMixes[] = {
    {5, 5, 1, 1, 20, Ranges::kSmall},   // Everything.
    {5, 5, 0, 1, 100, Ranges::kSmall},  // Held by ranges only.
    {5, 5, 0, 1, 50, Ranges::kHuge},    //
    {1, 0, 0, 0, 60, Ranges::kSmall},   // Only reads: the index is dropped,
    {50, 1, 0, 1, 60, Ranges::kSmall},  // and built again.
    {50, 1, 1, 1, 40, Ranges::kHuge},   //
    {0, 1, 0, 0, 30, Ranges::kSmall},   // Only writes.
    {1, 1, 3, 3, 10, Ranges::kSmall},   // Exclusives and syncs.
    {5, 5, 0, 1, 50, Ranges::kHot},     //
    {9, 1, 1, 1, 100, Ranges::kHot},    //
};

TEST(OrderRandomTest, AgreesWithTheModel) {
  const uint64_t seed = TestSeed(1);
  SCOPED_TRACE(testing::Message() << "UASIO_SEED=" << seed);
  RandomOrder random(seed);
  std::mt19937_64 phases(seed);
  for (int phase = 0; phase < 200; ++phase) {
    const Mix& mix = kMixes[phases() % std::size(kMixes)];
    SCOPED_TRACE(testing::Message() << "phase " << phase);
    for (int step = 0; step < 200; ++step) {
      random.Step(mix);
      if (HasFailure()) return;
    }
    if (phases() % 4 == 0) random.Drain();
  }
  random.Drain();
  EXPECT_GT(random.held(), 1000u);  // Else the test proves nothing.
}

}  // namespace
}  // namespace uasio::internal
