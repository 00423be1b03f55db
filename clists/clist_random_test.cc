// Random operations on two Clists, against two std::lists.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <random>
#include <vector>

#include "asio/testing/seed.h"
#include "clists/clist_testing.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using clist_testing::ExpectList;
using clist_testing::FirstList;
using clist_testing::Item;

std::vector<int> Values(const std::vector<Item*>& items) {
  std::vector<int> values;
  values.reserve(items.size());
  for (const Item* item : items) values.push_back(item->value);
  return values;
}

// Two lists and a model of each; every step picks an operation at random.
class RandomClists {
 public:
  explicit RandomClists(uint64_t seed) : random_(seed) {
    items_.reserve(kItems);
    for (int i = 0; i < kItems; ++i) items_.emplace_back(i);
    for (Item& item : items_) free_.push_back(&item);
  }

  void Step() {
    const int at = Below(2);  // The list to change; some steps use both.
    switch (Below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Add(at);
      case 4:
      case 5:
      case 6:
        return Remove(at);
      case 7:
        return Splice(at);
      case 8:
        return MoveFrom(at);
      case 9:
        return RemoveWhileIterating(at);
      case 10:
        return MoveOne(at);
      default:
        if (Below(16) == 0) Clear(at);
    }
  }

  void Verify() const {
    for (int at : {0, 1}) {
      ExpectList(lists_[at], Values({models_[at].begin(), models_[at].end()}));
    }
    for (const Item* item : free_) EXPECT_FALSE(FirstList::IsLinked(item));
  }

 private:
  static constexpr int kItems = 24;
  using Model = std::list<Item*>;

  int Below(size_t bound) { return static_cast<int>(random_() % bound); }

  Model::iterator Pick(int at) {
    return std::next(models_[at].begin(), Below(models_[at].size()));
  }

  void Add(int at) {
    if (free_.empty()) return;
    Item* item = free_.back();
    free_.pop_back();
    Insert(at, item);
  }

  void Insert(int at, Item* item) {
    Model& model = models_[at];
    const int way = model.empty() ? Below(2) : Below(4);
    if (way == 0) {
      lists_[at].AddHead(item);
      model.push_front(item);
    } else if (way == 1) {
      lists_[at].AddTail(item);
      model.push_back(item);
    } else if (way == 2) {
      const Model::iterator position = Pick(at);
      lists_[at].InsertBefore(item, *position);
      model.insert(position, item);
    } else {
      const Model::iterator position = Pick(at);
      lists_[at].InsertAfter(item, *position);
      model.insert(std::next(position), item);
    }
  }

  Item* Take(int at) {
    Model& model = models_[at];
    const int way = model.empty() ? Below(2) : Below(3);
    Item* expected = nullptr;
    if (way == 2) {
      const Model::iterator position = Pick(at);
      expected = *position;
      FirstList::Remove(expected);
      model.erase(position);
      return expected;
    }
    if (!model.empty()) {
      expected = way == 0 ? model.front() : model.back();
      model.erase(way == 0 ? model.begin() : std::prev(model.end()));
    }
    EXPECT_EQ(way == 0 ? lists_[at].RemoveHead() : lists_[at].RemoveTail(),
              expected);
    return expected;
  }

  void Remove(int at) {
    Item* item = Take(at);
    if (item != nullptr) free_.push_back(item);
  }

  void MoveOne(int at) {
    Item* item = Take(at);
    if (item != nullptr) Insert(1 - at, item);
  }

  void Splice(int at) {
    Model& model = models_[at];
    Model& from = models_[1 - at];
    const int way = model.empty() ? Below(2) : Below(3);
    if (way == 0) {
      lists_[at].InsertListHead(&lists_[1 - at]);
      model.splice(model.begin(), from);
    } else if (way == 1) {
      lists_[at].InsertListTail(&lists_[1 - at]);
      model.splice(model.end(), from);
    } else {
      const Model::iterator position = Pick(at);
      lists_[at].InsertListAfter(&lists_[1 - at], *position);
      model.splice(std::next(position), from);
    }
  }

  void MoveFrom(int at) {
    if (!models_[at].empty()) return;
    lists_[at].MoveFrom(&lists_[1 - at]);
    models_[at].swap(models_[1 - at]);
  }

  void RemoveWhileIterating(int at) {
    const int divisor = 2 + Below(4);
    for (Item& item : lists_[at].removable()) {
      if (item.value % divisor != 0) continue;
      lists_[at].Remove(&item);
      free_.push_back(&item);
    }
    models_[at].remove_if(
        [divisor](const Item* item) { return item->value % divisor == 0; });
  }

  void Clear(int at) {
    lists_[at].Clear();
    for (Item* item : models_[at]) {
      item->first = {};
      free_.push_back(item);
    }
    models_[at].clear();
  }

  std::mt19937_64 random_;
  std::vector<Item> items_;
  std::vector<Item*> free_;
  FirstList lists_[2];
  Model models_[2];
};

TEST(ClistRandomTest, AgreesWithStdListAfterEveryStep) {
  constexpr int kSteps = 20000;
  const uint64_t seed = TestSeed(20240607);
  RandomClists lists(seed);
  for (int step = 0; step < kSteps; ++step) {
    SCOPED_TRACE(testing::Message() << "UASIO_SEED=" << seed << " " << step);
    lists.Step();
    lists.Verify();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace uasio
