// Registering and unregistering heads.

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <thread>
#include <vector>

#include "asio/syslets/syslet.h"
#include "asio/syslets/syslet_testing.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/thread_probe.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using syslet_testing::Atom;
using syslet_testing::BlockedRead;
using syslet_testing::kBadFd;
using syslet_testing::kMightBlock;
using syslet_testing::TestHead;

constexpr size_t kSlot = sizeof(syslet_uatom*);

TEST(RegisterTest, RefusesAnInvalidRing) {
  std::vector<syslet_uatom*> ring(4);
  async_head_user head = {ring.data(), 4 * kSlot, 1};
  EXPECT_EQ(syslet_register(nullptr), -EINVAL);
  for (const unsigned long size : {0ul, 1ul, kSlot - 1, 4 * kSlot - 1}) {
    head.ring_size_bytes = size;
    EXPECT_EQ(syslet_register(&head), -EINVAL) << size;
  }
  head = {nullptr, 4 * kSlot, 1};
  EXPECT_EQ(syslet_register(&head), -EINVAL);
  head = {reinterpret_cast<syslet_uatom**>(
              reinterpret_cast<char*>(ring.data()) + 1),
          2 * kSlot, 1};
  EXPECT_EQ(syslet_register(&head), -EINVAL);
  syslet_uatom atom = {};
  ring[3] = &atom;
  head = {ring.data(), 4 * kSlot, 1};
  EXPECT_EQ(syslet_register(&head), -EBUSY);
  head.ring_size_bytes = 3 * kSlot;
  EXPECT_EQ(syslet_register(&head), 0);
  EXPECT_EQ(syslet_unregister(), 0);
}

TEST(RegisterTest, AThreadHasOneHead) {
  TestHead head;
  EXPECT_EQ(syslet_register(head.get()), -EEXIST);
  std::thread([] {
    const TestHead other;  // Its constructor expects success.
  }).join();
}

TEST(RegisterTest, WithoutAHeadEveryCallIsENXIO) {
  syslet_uatom atom = Atom(SYS_sched_yield);
  EXPECT_EQ(syslet_error(syslet_exec(&atom)), -ENXIO);
  EXPECT_EQ(syslet_wait(0), -ENXIO);
  EXPECT_EQ(syslet_event_fd(), -ENXIO);
  EXPECT_EQ(syslet_set_atoms_max(1), -ENXIO);
  EXPECT_EQ(syslet_unregister(), -ENXIO);
}

TEST(RegisterTest, UnregisterWaitsForRunningAndPendingSyslets) {
  BlockedRead read, second(SYSLET_ASYNC);
  TestHead head(4, /*threads=*/1);  // The second cannot start.
  ASSERT_EQ(syslet_exec(&read.atom), nullptr);
  ASSERT_EQ(syslet_exec(&second.atom), nullptr);
  const ThreadProbe probe(gettid());
  std::thread release([&] {
    EXPECT_TRUE(probe.WaitUntilBlockedIn(SYS_futex));
    read.Release();
    second.Release();
  });
  EXPECT_EQ(syslet_unregister(), 0);
  EXPECT_EQ(read.result, 1);
  EXPECT_EQ(second.result, 1);
  EXPECT_EQ(head.Slot(0), &read.atom);
  EXPECT_EQ(head.Slot(1), &second.atom);
  release.join();
}

TEST(RegisterTest, TheEndOfAThreadWaitsForItsSyslets) {
  BlockedRead read;
  std::vector<syslet_uatom*> ring(1);
  async_head_user head = {ring.data(), kSlot, ~0UL};
  std::promise<pid_t> executed;
  std::thread owner([&] {
    EXPECT_EQ(syslet_register(&head), 0);
    EXPECT_EQ(syslet_exec(&read.atom), nullptr);
    executed.set_value(gettid());
  });
  const ThreadProbe probe(executed.get_future().get());
  EXPECT_TRUE(probe.WaitUntilBlockedIn(SYS_futex));
  read.Release();
  owner.join();
  EXPECT_EQ(ring[0], &read.atom);
  EXPECT_EQ(read.result, 1);
}

// Returns 0 if all is right, else the number of the check that failed.
int InChild(const TestHead& parents) {
  if (syslet_wait(0) != -ENXIO) return 1;
  if (syslet_unregister() != -ENXIO) return 2;
  std::vector<syslet_uatom*> ring(1);
  async_head_user head = {ring.data(), kSlot, ~0UL};
  if (syslet_register(&head) != 0) return 3;
  unsigned long fd = kBadFd;
  syslet_uatom atom = Atom(kMightBlock, {&fd});
  if (syslet_exec(&atom) != nullptr) return 4;
  if (syslet_wait(1) != 1 || ring[0] != &atom) return 5;
  if (syslet_unregister() != 0) return 6;
  return parents.Slot(0) == nullptr ? 0 : 7;
}

TEST(RegisterTest, AForkedChildHasNoHeadAndMayRegisterOne) {
#if UASIO_THREAD_SANITIZED
  GTEST_SKIP() << "a forked child cannot start threads under ThreadSanitizer";
#endif
  BlockedRead read;
  TestHead head;
  ASSERT_EQ(syslet_exec(&read.atom), nullptr);
  const pid_t child = fork();
  if (child == 0) _exit(InChild(head));
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
  read.Release();
  EXPECT_EQ(head.WaitAndTake(), &read.atom);
}

}  // namespace
}  // namespace uasio
