// What syslets do when there is no memory left.

#include <cerrno>

#include "absl/container/flat_hash_set.h"
#include "asio/syslets/syslet.h"
#include "asio/syslets/syslet_testing.h"
#include "asio/testing/memory_end.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using namespace syslet_testing;  // NOLINT: made for these tests.

TEST(SysletMemoryTest, RegisterFailsAtEachFailedAllocation) {
  syslet_uatom* ring[4] = {};
  async_head_user head = {ring, sizeof(ring), 1};
  long result = -ENOMEM;
  int failures = 0;
  while (result == -ENOMEM && failures < 100) {
    {
      const MemoryEnd end(failures);
      result = syslet_register(&head);
    }
    failures += result == -ENOMEM ? 1 : 0;
  }
  EXPECT_EQ(result, 0);
  EXPECT_GE(failures, 2);  // At the pool and at the head.
  EXPECT_EQ(syslet_unregister(), 0);
}

TEST(SysletMemoryTest, ExecFailsAtEachFailedAllocationAndNothingHasRun) {
#ifdef ABSL_SWISSTABLE_ENABLE_GENERATIONS
  GTEST_SKIP() << "Abseil's set allocates at each insertion here";
#endif
  TestHead head;
  unsigned long number = 0, zero = 0, one = 1, bad_fd = kBadFd;
  long bad_fd_result = 0;
  unsigned long* address = &number;
  // This syslet has as many atoms, so the checker's memory is there; it blocks,
  // so the first job is in use.
  BlockedRead blocked;
  syslet_uatom first = Add(&address, &zero);
  first.next = &blocked.atom;
  EXPECT_EQ(syslet_exec(&first), nullptr);
  syslet_uatom atoms[] = {Add(&address, &one),
                          Atom(kMightBlock, {&bad_fd}, &bad_fd_result)};
  atoms[0].next = &atoms[1];
  syslet_uatom* last = nullptr;
  int failures = -1;
  do {
    EXPECT_EQ(number, 0u);
    const MemoryEnd end(++failures);
    last = syslet_exec(atoms);
  } while (syslet_error(last) == -ENOMEM && failures < 100);
  EXPECT_EQ(last, nullptr);
  EXPECT_EQ(failures, 1);  // At the job.
  EXPECT_EQ(number, 1u);
  blocked.Release();  // Nor was there memory for a second thread.
  EXPECT_NE(head.WaitAndTake(), nullptr);
  EXPECT_NE(head.WaitAndTake(), nullptr);
  EXPECT_EQ(bad_fd_result, -EBADF);
}

}  // namespace
}  // namespace uasio
