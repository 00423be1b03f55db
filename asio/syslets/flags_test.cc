// Each flag, and every combination of flags, against a table of their rules.

#include <array>
#include <string>
#include <vector>

#include "asio/syslets/syslet.h"
#include "asio/syslets/syslet_testing.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using syslet_testing::Add;
using syslet_testing::TestHead;

struct Rule {
  unsigned long flag;
  bool stops[3];  // On -3, 0 and 3.
};
constexpr Rule kRules[] = {
    {SYSLET_STOP_ON_NONZERO, {true, false, true}},
    {SYSLET_STOP_ON_ZERO, {false, true, false}},
    {SYSLET_STOP_ON_NEGATIVE, {true, false, false}},
    {SYSLET_STOP_ON_NON_POSITIVE, {true, true, false}},
};

// The first atom has these flags and this result.  A second atom is behind it
// in memory; `next` is a third one, or none.
struct Case {
  unsigned long flags;
  int result;  // An index: 0, 1, 2 stand for -3, 0, 3.
  bool has_next;
  bool others_complete;

  bool Stops() const {
    bool stops = false;
    for (const Rule& rule : kRules) {
      stops |= (flags & rule.flag) != 0 && rule.stops[result];
    }
    return stops;
  }
  // The index of the final atom.
  size_t Last() const {
    const bool skips = (flags & SYSLET_SKIP_TO_NEXT_ON_STOP) != 0;
    if (Stops()) return skips ? 1 : 0;
    return has_next ? 2 : 0;
  }
  bool Completes() const {
    if (Last() != 0) return others_complete;
    return (flags & SYSLET_NO_COMPLETE) == 0;
  }
};

class CaseRunner {
 public:
  explicit CaseRunner(const Case& c)
      : number_(static_cast<unsigned long>(c.result * 3 - 3)) {
    const unsigned long no_complete =
        c.others_complete ? 0 : SYSLET_NO_COMPLETE;
    atoms_ = {Add(&address_, &zero_, c.flags),
              Add(&behind_address_, &one_, no_complete),
              Add(&next_address_, &one_, no_complete)};
    if (c.has_next) atoms_[0].next = &atoms_[2];
  }

  void Check(const Case& c, TestHead* head) {
    const bool leaves = (c.flags & SYSLET_ASYNC) != 0;
    syslet_uatom* last = syslet_exec(&atoms_[0]);
    EXPECT_EQ(last, leaves ? nullptr : &atoms_[c.Last()]);
    EXPECT_EQ(syslet_wait(1), leaves && c.Completes() ? 1 : 0);
    EXPECT_EQ(head->Take(),
              leaves && c.Completes() ? &atoms_[c.Last()] : nullptr);
    EXPECT_EQ(behind_, c.Last() == 1 ? 1u : 0u);
    EXPECT_EQ(next_, c.Last() == 2 ? 1u : 0u);
  }

 private:
  unsigned long number_;
  unsigned long behind_ = 0;
  unsigned long next_ = 0;
  unsigned long zero_ = 0;
  unsigned long one_ = 1;
  unsigned long* address_ = &number_;
  unsigned long* behind_address_ = &behind_;
  unsigned long* next_address_ = &next_;
  std::array<syslet_uatom, 3> atoms_;
};

TEST(FlagsTest, EveryCombinationDoesWhatTheTableSays) {
  TestHead head;
  int count = 0;
  for (unsigned long flags = 0; flags < 0x100; ++flags) {
    const unsigned long both = SYSLET_ASYNC | SYSLET_SYNC;
    if ((flags & both) == both) continue;
    for (int result = 0; result < 3; ++result) {
      for (int i = 0; i < 4; ++i) {
        const Case c = {flags, result, (i & 1) != 0, (i & 2) != 0};
        SCOPED_TRACE(testing::Message()
                     << "flags " << flags << ", result " << result << ", next "
                     << c.has_next << ", others complete "
                     << c.others_complete);
        CaseRunner(c).Check(c, &head);
        ++count;
      }
    }
  }
  EXPECT_EQ(count, 192 * 12);
}

TEST(FlagsTest, UnknownFlagsAreRefusedBeforeAnythingRuns) {
  const TestHead head;
  unsigned long number = 0, one = 1;
  unsigned long* address = &number;
  for (unsigned long flag = 0x100; flag != 0; flag <<= 1) {
    syslet_uatom atoms[2] = {Add(&address, &one), Add(&address, &one, flag)};
    atoms[0].next = &atoms[1];
    EXPECT_EQ(syslet_error(syslet_exec(atoms)), -EINVAL) << flag;
  }
  EXPECT_EQ(number, 0u);
}

TEST(FlagsTest, AsyncAndSyncAtOnceAreRefusedBeforeAnythingRuns) {
  const TestHead head;
  unsigned long number = 0, one = 1;
  unsigned long* address = &number;
  syslet_uatom atoms[2] = {Add(&address, &one),
                           Add(&address, &one, SYSLET_ASYNC | SYSLET_SYNC)};
  atoms[0].next = &atoms[1];
  EXPECT_EQ(syslet_error(syslet_exec(atoms)), -EINVAL);
  EXPECT_EQ(number, 0u);
}

}  // namespace
}  // namespace uasio
