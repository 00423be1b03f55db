// Every operation of Clist; after each step the list is verified forwards and
// backwards.

#include "clists/clist.h"

#include <memory>
#include <vector>

#include "clists/clist_testing.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using clist_testing::ExpectList;
using clist_testing::FirstList;
using clist_testing::Item;
using clist_testing::SecondList;

class ClistTest : public testing::Test {
 protected:
  // An item that lives until the test ends.
  Item* New(int value) {
    items_.push_back(std::make_unique<Item>(value));
    return items_.back().get();
  }

  // Adds items with the values from `from` to `to` at the tail of `list`.
  void Fill(FirstList* list, int from, int to) {
    for (int value = from; value <= to; ++value) list->AddTail(New(value));
  }

  FirstList list_;

 private:
  std::vector<std::unique_ptr<Item>> items_;
};

TEST_F(ClistTest, ANewListIsEmpty) {
  ExpectList(list_, {});
  EXPECT_TRUE(list_.begin() == list_.end());
}

TEST_F(ClistTest, HeadAndTailOfAnEmptyListAreNull) {
  EXPECT_EQ(list_.head(), nullptr);
  EXPECT_EQ(list_.tail(), nullptr);
}

TEST_F(ClistTest, RemoveHeadOfAnEmptyListIsNull) {
  EXPECT_EQ(list_.RemoveHead(), nullptr);
  ExpectList(list_, {});
}

TEST_F(ClistTest, RemoveTailOfAnEmptyListIsNull) {
  EXPECT_EQ(list_.RemoveTail(), nullptr);
  ExpectList(list_, {});
}

TEST_F(ClistTest, TheOnlyElementIsHeadAndTailAndHasNoNeighbours) {
  Item* item = New(1);
  list_.AddTail(item);
  ExpectList(list_, {1});
  EXPECT_EQ(list_.head(), item);
  EXPECT_EQ(list_.tail(), item);
  EXPECT_EQ(list_.next(item), nullptr);
  EXPECT_EQ(list_.prev(item), nullptr);
}

TEST_F(ClistTest, AddTailKeepsTheOrder) {
  list_.AddTail(New(1));
  ExpectList(list_, {1});
  list_.AddTail(New(2));
  ExpectList(list_, {1, 2});
  list_.AddTail(New(3));
  ExpectList(list_, {1, 2, 3});
}

TEST_F(ClistTest, AddHeadReversesTheOrder) {
  list_.AddHead(New(1));
  ExpectList(list_, {1});
  list_.AddHead(New(2));
  ExpectList(list_, {2, 1});
  list_.AddHead(New(3));
  ExpectList(list_, {3, 2, 1});
}

TEST_F(ClistTest, InsertAfterPutsTheElementBehindThePosition) {
  Item* position = New(1);
  list_.AddTail(position);
  list_.InsertAfter(New(3), position);  // At the tail.
  ExpectList(list_, {1, 3});
  list_.InsertAfter(New(2), position);  // In the middle.
  ExpectList(list_, {1, 2, 3});
}

TEST_F(ClistTest, InsertBeforePutsTheElementAheadOfThePosition) {
  Item* position = New(3);
  list_.AddTail(position);
  list_.InsertBefore(New(1), position);  // At the head.
  ExpectList(list_, {1, 3});
  list_.InsertBefore(New(2), position);  // In the middle.
  ExpectList(list_, {1, 2, 3});
}

TEST_F(ClistTest, RemoveWorksAtTheHeadInTheMiddleAndAtTheTail) {
  std::vector<Item*> items;
  for (int value = 1; value <= 4; ++value) {
    items.push_back(New(value));
    list_.AddTail(items.back());
  }
  list_.Remove(items[1]);
  ExpectList(list_, {1, 3, 4});
  list_.Remove(items[0]);
  ExpectList(list_, {3, 4});
  list_.Remove(items[3]);
  ExpectList(list_, {3});
  list_.Remove(items[2]);
  ExpectList(list_, {});
}

TEST_F(ClistTest, RemoveNeedsNoListToRemoveFrom) {
  Item* item = New(1);
  list_.AddTail(item);
  list_.AddTail(New(2));
  FirstList::Remove(item);
  ExpectList(list_, {2});
}

TEST_F(ClistTest, RemoveHeadReturnsTheElementsInOrder) {
  Fill(&list_, 1, 3);
  EXPECT_EQ(list_.RemoveHead()->value, 1);
  ExpectList(list_, {2, 3});
  EXPECT_EQ(list_.RemoveHead()->value, 2);
  ExpectList(list_, {3});
  EXPECT_EQ(list_.RemoveHead()->value, 3);
  ExpectList(list_, {});
}

TEST_F(ClistTest, RemoveTailReturnsTheElementsBackwards) {
  Fill(&list_, 1, 3);
  EXPECT_EQ(list_.RemoveTail()->value, 3);
  ExpectList(list_, {1, 2});
  EXPECT_EQ(list_.RemoveTail()->value, 2);
  ExpectList(list_, {1});
  EXPECT_EQ(list_.RemoveTail()->value, 1);
  ExpectList(list_, {});
}

TEST_F(ClistTest, IsLinkedTellsWhetherAnElementIsOnAList) {
  Item* item = New(1);
  EXPECT_FALSE(FirstList::IsLinked(item));
  list_.AddTail(item);
  EXPECT_TRUE(FirstList::IsLinked(item));
  list_.Remove(item);
  EXPECT_FALSE(FirstList::IsLinked(item));
  list_.AddHead(item);
  EXPECT_EQ(list_.RemoveHead(), item);
  EXPECT_FALSE(FirstList::IsLinked(item));
  list_.AddHead(item);
  EXPECT_EQ(list_.RemoveTail(), item);
  EXPECT_FALSE(FirstList::IsLinked(item));
}

TEST_F(ClistTest, ARemovedElementCanGoOnAnotherList) {
  FirstList other;
  Fill(&list_, 1, 2);
  other.AddTail(list_.RemoveHead());
  ExpectList(list_, {2});
  ExpectList(other, {1});
}

TEST_F(ClistTest, AStructWithTwoNodesIsOnTwoListsAtOnce) {
  SecondList other;
  Item* one = New(1);
  Item* two = New(2);
  for (Item* item : {one, two}) {
    list_.AddTail(item);
    other.AddHead(item);
  }
  ExpectList(list_, {1, 2});
  ExpectList(other, {2, 1});
  list_.Remove(one);
  EXPECT_FALSE(FirstList::IsLinked(one));
  EXPECT_TRUE(SecondList::IsLinked(one));
  ExpectList(list_, {2});
  ExpectList(other, {2, 1});
  other.Remove(two);
  ExpectList(list_, {2});
  ExpectList(other, {1});
}

TEST_F(ClistTest, InsertListHeadPutsAllInFrontInOrder) {
  FirstList other;
  Fill(&list_, 4, 5);
  Fill(&other, 1, 3);
  list_.InsertListHead(&other);
  ExpectList(list_, {1, 2, 3, 4, 5});
  ExpectList(other, {});
}

TEST_F(ClistTest, InsertListTailPutsAllBehindInOrder) {
  FirstList other;
  Fill(&list_, 1, 2);
  Fill(&other, 3, 5);
  list_.InsertListTail(&other);
  ExpectList(list_, {1, 2, 3, 4, 5});
  ExpectList(other, {});
}

TEST_F(ClistTest, InsertListAfterPutsAllBehindThePosition) {
  FirstList other;
  Fill(&list_, 1, 1);
  Fill(&list_, 4, 4);
  Fill(&other, 2, 3);
  list_.InsertListAfter(&other, list_.head());
  ExpectList(list_, {1, 2, 3, 4});
  ExpectList(other, {});
  Fill(&other, 5, 6);
  list_.InsertListAfter(&other, list_.tail());
  ExpectList(list_, {1, 2, 3, 4, 5, 6});
  ExpectList(other, {});
}

TEST_F(ClistTest, InsertingAnEmptyListChangesNothing) {
  FirstList other;
  list_.InsertListHead(&other);
  list_.InsertListTail(&other);
  ExpectList(list_, {});
  Fill(&list_, 1, 2);
  list_.InsertListHead(&other);
  ExpectList(list_, {1, 2});
  list_.InsertListTail(&other);
  ExpectList(list_, {1, 2});
  list_.InsertListAfter(&other, list_.head());
  ExpectList(list_, {1, 2});
  ExpectList(other, {});
}

TEST_F(ClistTest, MoveFromTakesTheWholeList) {
  FirstList other;
  Fill(&other, 1, 3);
  list_.MoveFrom(&other);
  ExpectList(list_, {1, 2, 3});
  ExpectList(other, {});
  other.AddTail(list_.RemoveHead());
  ExpectList(list_, {2, 3});
  ExpectList(other, {1});
}

TEST_F(ClistTest, MoveFromAnEmptyListLeavesBothEmpty) {
  FirstList other;
  list_.MoveFrom(&other);
  ExpectList(list_, {});
  ExpectList(other, {});
}

TEST_F(ClistTest, ClearForgetsTheElements) {
  Fill(&list_, 1, 3);
  list_.Clear();
  ExpectList(list_, {});
  Fill(&list_, 4, 4);
  ExpectList(list_, {4});
}

}  // namespace
}  // namespace uasio
