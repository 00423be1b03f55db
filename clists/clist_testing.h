// Shared by the tests of Clist: an item, and a check of a list.

#ifndef UASIO_CLISTS_CLIST_TESTING_H_
#define UASIO_CLISTS_CLIST_TESTING_H_

#include <cstddef>
#include <vector>

#include "clists/clist.h"
#include "gtest/gtest.h"

namespace uasio {
namespace clist_testing {

struct Item {
  explicit Item(int value) : value(value) {}

  int value;
  Cnode first = {};
  Cnode second = {};
};

using FirstList = Clist<Item, &Item::first>;
using SecondList = Clist<Item, &Item::second>;

// Expects that `list` holds exactly the values `expected`, forwards, backwards
// and by its iterators.
template <Cnode Item::*kNode>
void ExpectList(const Clist<Item, kNode>& list,
                const std::vector<int>& expected) {
  const size_t bound = expected.size() + 1;  // Ends a broken circle.
  std::vector<int> iterated, reversed, forwards, backwards;
  for (const Item& item : list) {
    iterated.push_back(item.value);
    if (iterated.size() == bound) break;
  }
  for (auto it = list.rbegin(); it != list.rend(); ++it) {
    reversed.insert(reversed.begin(), it->value);
    if (reversed.size() == bound) break;
  }
  for (Item* item = list.head(); item != nullptr && forwards.size() < bound;
       item = list.next(item)) {
    EXPECT_EQ((item->*kNode).next->prev, &(item->*kNode));
    EXPECT_EQ((item->*kNode).prev->next, &(item->*kNode));
    EXPECT_TRUE((Clist<Item, kNode>::IsLinked(item)));
    forwards.push_back(item->value);
  }
  for (Item* item = list.tail(); item != nullptr && backwards.size() < bound;
       item = list.prev(item)) {
    backwards.insert(backwards.begin(), item->value);
  }
  EXPECT_EQ(iterated, expected);
  EXPECT_EQ(reversed, expected);
  EXPECT_EQ(forwards, expected);
  EXPECT_EQ(backwards, expected);
  if (iterated == expected) {  // Else size() might not end.
    EXPECT_EQ(list.size(), expected.size());
  }
  EXPECT_EQ(list.empty(), expected.empty());
}

}  // namespace clist_testing
}  // namespace uasio

#endif  // UASIO_CLISTS_CLIST_TESTING_H_
