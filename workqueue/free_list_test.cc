#include "workqueue/free_list.h"

#include "gtest/gtest.h"

namespace uasio {
namespace {

int alive = 0;

struct Item : Recyclable<Item> {
  Item() { ++alive; }
  ~Item() { --alive; }
  int number = 0;
};

TEST(FreeListTest, ANewObjectIsValueInitialised) {
  struct Plain : Recyclable<Plain> {
    int number;
  };
  FreeList<Plain> list;
  EXPECT_EQ(list.Take()->number, 0);
}

TEST(FreeListTest, TheLastGivenBackComesFirstAsItWasLeft) {
  FreeList<Item> list;
  Item* first = list.Take();
  Item* second = list.Take();
  second->number = 7;
  list.GiveBack(first);
  list.GiveBack(second);
  EXPECT_EQ(list.Take(), second);
  EXPECT_EQ(second->number, 7);
  EXPECT_EQ(list.Take(), first);
  EXPECT_EQ(alive, 2);
}

TEST(FreeListTest, OutCountsWhatIsNotGivenBack) {
  FreeList<Item> list;
  Item* item = list.Take();
  static_cast<void>(list.Take());
  EXPECT_EQ(list.out(), 2u);
  list.GiveBack(item);
  EXPECT_EQ(list.out(), 1u);
}

TEST(FreeListTest, WhatWasReservedIsTakenWithoutAnAllocation) {
  FreeList<Item> list;
  ASSERT_TRUE(list.Reserve(2));
  EXPECT_TRUE(list.Reserve(1));
  EXPECT_EQ(alive, 2);
  EXPECT_EQ(list.out(), 0u);
  EXPECT_NE(list.TakeIdle(), nullptr);
  EXPECT_NE(list.TakeIdle(), nullptr);
  EXPECT_EQ(list.TakeIdle(), nullptr);
  EXPECT_EQ(list.out(), 2u);
}

TEST(FreeListTest, FindLooksThroughAll) {
  FreeList<Item> list;
  Item* first = list.Take();
  Item* second = list.Take();
  first->number = 1;
  second->number = 2;
  list.GiveBack(first);
  EXPECT_EQ(list.Find([](const Item& i) { return i.number == 1; }), first);
  EXPECT_EQ(list.Find([](const Item& i) { return i.number == 2; }), second);
  EXPECT_EQ(list.Find([](const Item& i) { return i.number == 3; }), nullptr);
}

TEST(FreeListTest, TheDestructorFreesWhatIsOutAndWhatIsNot) {
  {
    FreeList<Item> list;
    list.GiveBack(list.Take());
    static_cast<void>(list.Take());
    static_cast<void>(list.Take());
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace uasio
