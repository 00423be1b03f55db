// The iterators of Clist: those of the standard, and removable().

#include <algorithm>
#include <iterator>
#include <memory>
#include <type_traits>
#include <vector>

#include "clists/clist.h"
#include "clists/clist_testing.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using clist_testing::ExpectList;
using clist_testing::FirstList;
using clist_testing::Item;
using Iterator = FirstList::iterator;
using ConstIterator = FirstList::const_iterator;

class ClistIteratorTest : public testing::Test {
 protected:
  // Adds items with the values from `from` to `to` at the tail of `list`.
  void Fill(FirstList* list, int from, int to) {
    for (int value = from; value <= to; ++value) {
      items_.push_back(std::make_unique<Item>(value));
      list->AddTail(items_.back().get());
    }
  }

  FirstList list_;

 private:
  std::vector<std::unique_ptr<Item>> items_;
};

TEST_F(ClistIteratorTest, AreBidirectionalAsTheStandardSaysIt) {
  using Traits = std::iterator_traits<Iterator>;
  using ConstTraits = std::iterator_traits<ConstIterator>;
  static_assert(std::is_same_v<Traits::iterator_category,
                               std::bidirectional_iterator_tag>);
  static_assert(std::is_same_v<Traits::reference, Item&>);
  static_assert(std::is_same_v<ConstTraits::reference, const Item&>);
  static_assert(std::is_default_constructible_v<Iterator>);
  static_assert(std::is_convertible_v<Iterator, ConstIterator>);
  static_assert(!std::is_convertible_v<ConstIterator, Iterator>);
#if __cplusplus >= 202002L
  static_assert(std::bidirectional_iterator<Iterator>);
  static_assert(std::bidirectional_iterator<ConstIterator>);
#endif
  EXPECT_TRUE(Iterator() == Iterator());
  EXPECT_FALSE(Iterator() != Iterator());
}

TEST_F(ClistIteratorTest, StepForwardsAndBackwards) {
  Fill(&list_, 1, 3);
  Iterator it = list_.begin();
  EXPECT_EQ(it->value, 1);
  EXPECT_EQ((it++)->value, 1);
  EXPECT_EQ((*it).value, 2);
  EXPECT_EQ((++it)->value, 3);
  EXPECT_TRUE(++it == list_.end());
  EXPECT_EQ((--it)->value, 3);
  EXPECT_EQ((it--)->value, 3);
  EXPECT_EQ(it->value, 2);
  EXPECT_TRUE(--it == list_.begin());
  EXPECT_EQ(std::distance(list_.begin(), list_.end()), 3);
}

TEST_F(ClistIteratorTest, AConstListGivesConstElements) {
  Fill(&list_, 1, 2);
  const FirstList& list = list_;
  static_assert(std::is_same_v<decltype(*list.begin()), const Item&>);
  static_assert(std::is_same_v<decltype(*list.rbegin()), const Item&>);
  EXPECT_TRUE(list.begin() == list_.begin());
  EXPECT_TRUE(list_.cend() == list_.end());
  EXPECT_EQ(list_.crbegin()->value, 2);
  EXPECT_EQ(std::distance(list.crbegin(), list.crend()), 2);
}

TEST_F(ClistIteratorTest, GoBackwardsFromTheEnd) {
  Fill(&list_, 1, 3);
  std::vector<int> values;
  for (auto it = list_.rbegin(); it != list_.rend(); ++it) {
    values.push_back(it->value++);
  }
  EXPECT_EQ(values, (std::vector<int>{3, 2, 1}));
  ExpectList(list_, {2, 3, 4});
}

TEST_F(ClistIteratorTest, WorkWithAlgorithms) {
  Fill(&list_, 1, 5);
  const auto is_even = [](const Item& item) { return item.value % 2 == 0; };
  const Iterator even = std::find_if(list_.begin(), list_.end(), is_even);
  ASSERT_TRUE(even != list_.end());
  EXPECT_EQ(even->value, 2);
  const auto last = std::find_if(list_.crbegin(), list_.crend(), is_even);
  EXPECT_EQ(last->value, 4);
  EXPECT_EQ(std::count_if(list_.begin(), list_.end(), is_even), 2);
  EXPECT_EQ(std::prev(list_.end())->value, 5);
  EXPECT_TRUE(std::is_sorted(
      list_.begin(), list_.end(),
      [](const Item& a, const Item& b) { return a.value < b.value; }));
}

TEST_F(ClistIteratorTest, SeeWhatIsInsertedAndRemovedBesideThem) {
  FirstList other;
  Fill(&list_, 1, 2);
  Fill(&other, 7, 8);
  Iterator it = list_.begin();
  list_.InsertAfter(other.RemoveHead(), &*it);
  list_.InsertBefore(other.RemoveHead(), &*it);
  EXPECT_EQ(std::next(it)->value, 7);
  EXPECT_EQ(std::prev(it)->value, 8);
  list_.Remove(&*std::next(it));
  EXPECT_EQ((++it)->value, 2);
}

TEST_F(ClistIteratorTest, TheElementOfRemovableMayBeRemoved) {
  Fill(&list_, 1, 6);
  for (Item& item : list_.removable()) {
    if (item.value % 2 != 0) list_.Remove(&item);
  }
  ExpectList(list_, {2, 4, 6});
  for (Item& item : list_.removable()) list_.Remove(&item);
  ExpectList(list_, {});
}

TEST_F(ClistIteratorTest, TheElementOfRemovableMayBeFreed) {
  for (int value = 1; value <= 3; ++value) list_.AddTail(new Item(value));
  for (Item& item : list_.removable()) {
    list_.Remove(&item);
    delete &item;
  }
  ExpectList(list_, {});
}

TEST_F(ClistIteratorTest, TheElementOfRemovableMayMoveToAnotherList) {
  FirstList other;
  Fill(&list_, 1, 3);
  for (Item& item : list_.removable()) {
    list_.Remove(&item);
    other.AddHead(&item);
  }
  ExpectList(list_, {});
  ExpectList(other, {3, 2, 1});
}

TEST_F(ClistIteratorTest, RemovableOfAnEmptyListIsEmpty) {
  for (Item& item : list_.removable()) ADD_FAILURE() << item.value;
}

}  // namespace
}  // namespace uasio
