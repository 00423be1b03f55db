// The ring, waiting for it, and how many work to fill it.

#include "asio/syslets/ring.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "asio/syslets/head.h"
#include "asio/syslets/syslet.h"
#include "asio/syslets/syslet_testing.h"
#include "asio/testing/fd.h"
#include "asio/testing/thread_probe.h"
#include "gtest/gtest.h"
#include "workqueue/mutex.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

using syslet_testing::Atom;
using syslet_testing::BlockedRead;
using syslet_testing::kBadFd;
using syslet_testing::kLeaves;
using syslet_testing::TestHead;
using syslet_testing::Values;

TEST(RingTest, FullMeansThatNothingRunsUntilOneIsTaken) {
  TestHead head(2);
  BlockedRead a, b;
  ASSERT_EQ(syslet_exec(&a.atom), nullptr);
  ASSERT_EQ(syslet_exec(&b.atom), nullptr);
  long result = 0;
  syslet_uatom quick = Atom(SYS_getpid, {}, &result);
  // Both slots are reserved; then filled; and one of them is still full.
  EXPECT_EQ(syslet_error(syslet_exec(&quick)), -EAGAIN);
  a.Release();
  b.Release();
  EXPECT_EQ(syslet_wait(2), 2);
  EXPECT_EQ(syslet_error(syslet_exec(&quick)), -EAGAIN);
  EXPECT_EQ(result, 0);
  head.Null(0);
  EXPECT_EQ(syslet_exec(&quick), &quick);
  EXPECT_EQ(result, getpid());
  EXPECT_EQ(syslet_exec(&quick), &quick);  // Which has kept no slot.
}

TEST(RingTest, SlotsAreFilledInTurnAndNulledInOrder) {
  TestHead head(3);
  unsigned long fd = kBadFd;
  std::vector<syslet_uatom> atoms(8, Atom(kLeaves, {&fd}));
  for (size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(syslet_exec(&atoms[i]), nullptr);
    ASSERT_EQ(syslet_wait(i + 1), static_cast<long>(i + 1));
    EXPECT_EQ(head.Slot(i), &atoms[i]);
  }
  head.Null(1);  // Out of order: it does not count before slot 0 is NULL.
  EXPECT_EQ(syslet_wait(0), 3);
  EXPECT_EQ(syslet_error(syslet_exec(&atoms[3])), -EAGAIN);
  head.Null(0);
  EXPECT_EQ(syslet_wait(0), 1);
  for (size_t i = 3; i < 5; ++i) {
    ASSERT_EQ(syslet_exec(&atoms[i]), nullptr);
    syslet_wait(i - 1);
    EXPECT_EQ(head.Slot(i % 3), &atoms[i]);
  }
  EXPECT_EQ(syslet_error(syslet_exec(&atoms[5])), -EAGAIN);
}

TEST(RingTest, ASilentSysletGivesItsSlotBack) {
  TestHead head(1);
  unsigned long fd = kBadFd;
  for (int i = 0; i < 100; ++i) {
    syslet_uatom atom = Atom(kLeaves, {&fd}, nullptr, SYSLET_NO_COMPLETE);
    ASSERT_EQ(syslet_exec(&atom), nullptr) << i;
    ASSERT_EQ(syslet_wait(1), 0);  // And so it has ended.
    ASSERT_EQ(head.Slot(0), nullptr);
  }
}

// The user sees it in its slot before the ring has counted it.
TEST(RingTest, WhoHasTakenWhatIsBeingEnteredHasRoom) {
  syslet_uatom atom = {};
  syslet_uatom* slot = nullptr;
  Ring ring(&slot, 1);
  ring.Reserve();
  Mutex entering;
  entering.Lock();
  ring.Store(&atom);
  slot = nullptr;
  bool has_room = false;
  std::promise<pid_t> tid;
  std::thread owner([&] {
    tid.set_value(gettid());
    has_room = ring.HasRoom(&entering);
  });
  const ThreadProbe probe(tid.get_future().get());
  const bool known = probe.WaitUntilBlockedIn(SYS_futex);
  ring.Count();
  entering.Unlock();
  owner.join();
  EXPECT_TRUE(has_room);
  if (!known) GTEST_SKIP() << "/proc does not tell what a thread is doing";
}

TEST(WaitTest, ReturnsWhenEnoughAreThere) {
  TestHead head;
  BlockedRead a, b;
  unsigned long fd = kBadFd;
  syslet_uatom quick[2] = {Atom(kLeaves, {&fd}), Atom(kLeaves, {&fd})};
  ASSERT_EQ(syslet_exec(&a.atom), nullptr);
  for (syslet_uatom& atom : quick) ASSERT_EQ(syslet_exec(&atom), nullptr);
  EXPECT_EQ(syslet_wait(2), 2);
  EXPECT_EQ(syslet_wait(0), 2);
  a.Release();
  EXPECT_EQ(syslet_wait(1000), 3);  // No more will come.
}

TEST(WaitTest, TheEventFdCountsCompletions) {
  TestHead head;
  unsigned long fd = kBadFd;
  syslet_uatom first = Atom(kLeaves, {&fd});
  ASSERT_EQ(head.get()->completion_ring[0], nullptr);
  ASSERT_EQ(syslet_exec(&first), nullptr);
  ASSERT_EQ(syslet_wait(1), 1);
  const int event_fd = static_cast<int>(syslet_event_fd());
  ASSERT_GE(event_fd, 0);
  EXPECT_EQ(syslet_event_fd(), event_fd);
  eventfd_t count = 0;
  EXPECT_EQ(eventfd_read(event_fd, &count), 0);  // What was there already.
  EXPECT_EQ(count, 1u);
  EXPECT_NE(eventfd_read(event_fd, &count), 0);

  BlockedRead read;
  ASSERT_EQ(syslet_exec(&read.atom), nullptr);
  pollfd poll_fd = {event_fd, POLLIN, 0};
  EXPECT_EQ(poll(&poll_fd, 1, 0), 0);
  read.Release();
  EXPECT_EQ(poll(&poll_fd, 1, 30000), 1);
  EXPECT_EQ(head.Take(), &first);
  EXPECT_EQ(head.Take(), &read.atom);
}

// Syslets that say so, by an 'x', when they are in a worker, and then block.
class Occupied {
 public:
  explicit Occupied(size_t count) : blocked_(count) {
    for (BlockedRead& read : blocked_) {
      syslet_uatom* says = &says_.emplace_back(
          Atom(SYS_write,
               {values_.Of(static_cast<unsigned long>(out())), values_.Of("x"),
                values_.Of(1ul)},
               nullptr, SYSLET_ASYNC));
      says->next = &read.atom;
    }
  }
  void ExecAll(Head* head) {
    for (syslet_uatom& says : says_) ASSERT_EQ(head->Exec(&says), nullptr);
  }
  // Waits for what is said next.
  char Next() {
    char byte = '\0';
    EXPECT_EQ(read(pipe_.read_end.get(), &byte, 1), 1);
    return byte;
  }
  int out() const { return pipe_.write_end.get(); }
  void Release(size_t i) { blocked_[i].Release(); }

 private:
  Pipe pipe_;
  Values values_;
  std::vector<BlockedRead> blocked_;
  std::deque<syslet_uatom> says_;
};

// Work that says 'm' and keeps its thread.  A pool begins work in turn: what is
// submitted to it before, and can have a thread, says so before.
struct Marker : Work {
  Marker(WorkerPool* pool, int fd) : Work(), out(fd) {
    go = [](WorkerThread*, Work* w) {
      const Marker* self = static_cast<Marker*>(w);
      char byte;
      EXPECT_EQ(write(self->out, "m", 1), 1);
      EXPECT_EQ(read(self->held.read_end.get(), &byte, 1), 1);
    };
    pool->Submit(this);
  }
  void Release() { held.Put("x"); }

  const int out;
  const Pipe held;
};

TEST(ThreadsTest, NoMoreRunAtATimeThanTheHeadSaysAnew) {
  Occupied syslets(6);
  std::deque<Marker> markers;
  WorkerPoolOptions options;
  options.threads_max = 3;
  WorkerPool pool(options);
  std::vector<syslet_uatom*> ring(6);
  async_head_user user = {ring.data(), 6 * sizeof(ring[0]), 2};
  Head head(&user, &pool);
  auto mark = [&] { markers.emplace_back(&pool, syslets.out()); };

  syslets.ExecAll(&head);
  mark();
  std::string said = {syslets.Next(), syslets.Next(), syslets.Next()};
  EXPECT_EQ(std::count(said.begin(), said.end(), 'm'), 1);
  markers.back().Release();
  __atomic_store_n(&user.max_nr_threads, 3ul, __ATOMIC_RELAXED);
  head.Wait(0);  // Where it is read.
  EXPECT_EQ(syslets.Next(), 'x');
  __atomic_store_n(&user.max_nr_threads, 1ul, __ATOMIC_RELAXED);
  for (size_t i : {0, 1}) {  // All threads are taken: the marker gets this one.
    mark();
    syslets.Release(i);
    EXPECT_EQ(syslets.Next(), 'm') << i;
  }
  for (size_t i : {2, 3, 4}) {  // In its place, without the owner.
    syslets.Release(i);
    EXPECT_EQ(syslets.Next(), 'x') << i;
  }
  syslets.Release(5);
  markers[1].Release();
  markers[2].Release();
  EXPECT_EQ(head.Wait(6), 6u);
}

TEST(ThreadsTest, NoneCountsAsOne) {
  TestHead head(4, /*threads=*/0);
  unsigned long fd = kBadFd;
  syslet_uatom atom = Atom(kLeaves, {&fd});
  EXPECT_EQ(head.Run(&atom), &atom);
}

TEST(ThreadsTest, ManyBlockedOnesDoNotHoldUpTheLast) {
  TestHead head(40);
  std::vector<BlockedRead> reads(SYSLET_THREADS_DEFAULT - 1);
  for (BlockedRead& read : reads) ASSERT_EQ(syslet_exec(&read.atom), nullptr);
  unsigned long fd = kBadFd;
  syslet_uatom last = Atom(kLeaves, {&fd});
  EXPECT_EQ(head.Run(&last), &last);
  for (BlockedRead& read : reads) read.Release();
  EXPECT_EQ(syslet_wait(40), static_cast<long>(reads.size()));
}

}  // namespace
}  // namespace uasio
