// The completion ring, waiting for completions, and the limit on workers.

#include "asio/syslets/internal/ring.h"

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

#include "asio/syslets/internal/head.h"
#include "asio/syslets/syslet.h"
#include "asio/syslets/syslet_testing.h"
#include "asio/testing/fd.h"
#include "asio/testing/thread_probe.h"
#include "gtest/gtest.h"
#include "workqueue/mutex.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace syslets {
namespace {

using syslet_testing::Atom;
using syslet_testing::BlockedRead;
using syslet_testing::kBadFd;
using syslet_testing::kMightBlock;
using syslet_testing::TestHead;
using syslet_testing::Values;

TEST(RingTest, AFullRingRefusesASysletUntilACompletionIsTaken) {
  TestHead head(2);
  BlockedRead a, b;
  ASSERT_EQ(syslet_exec(&a.atom), nullptr);
  ASSERT_EQ(syslet_exec(&b.atom), nullptr);
  long result = 0;
  syslet_uatom quick = Atom(SYS_getpid, {}, &result);
  // Refused while both slots are reserved, and while both are filled.
  EXPECT_EQ(syslet_error(syslet_exec(&quick)), -EAGAIN);
  a.Release();
  b.Release();
  EXPECT_EQ(syslet_wait(2), 2);
  EXPECT_EQ(syslet_error(syslet_exec(&quick)), -EAGAIN);
  EXPECT_EQ(result, 0);
  head.SetNull(0);
  EXPECT_EQ(syslet_exec(&quick), &quick);
  EXPECT_EQ(result, getpid());
  EXPECT_EQ(syslet_exec(&quick), &quick);  // The first kept no slot.
}

TEST(RingTest, SlotsAreFilledAndFreedInOrder) {
  TestHead head(3);
  unsigned long fd = kBadFd;
  std::vector<syslet_uatom> atoms(8, Atom(kMightBlock, {&fd}));
  for (size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(syslet_exec(&atoms[i]), nullptr);
    ASSERT_EQ(syslet_wait(i + 1), static_cast<long>(i + 1));
    EXPECT_EQ(head.Slot(i), &atoms[i]);
  }
  head.SetNull(1);  // Out of order: not free before slot 0 is NULL.
  EXPECT_EQ(syslet_wait(0), 3);
  EXPECT_EQ(syslet_error(syslet_exec(&atoms[3])), -EAGAIN);
  head.SetNull(0);
  EXPECT_EQ(syslet_wait(0), 1);
  for (size_t i = 3; i < 5; ++i) {
    ASSERT_EQ(syslet_exec(&atoms[i]), nullptr);
    syslet_wait(i - 1);
    EXPECT_EQ(head.Slot(i % 3), &atoms[i]);
  }
  EXPECT_EQ(syslet_error(syslet_exec(&atoms[5])), -EAGAIN);
}

TEST(RingTest, ASysletWithNoCompleteReleasesItsSlot) {
  TestHead head(1);
  unsigned long fd = kBadFd;
  for (int i = 0; i < 100; ++i) {
    syslet_uatom atom = Atom(kMightBlock, {&fd}, nullptr, SYSLET_NO_COMPLETE);
    ASSERT_EQ(syslet_exec(&atom), nullptr) << i;
    ASSERT_EQ(syslet_wait(1), 0);  // Returns when the syslet has ended.
    ASSERT_EQ(head.Slot(0), nullptr);
  }
}

// Store() makes the completion visible to the user before Count() counts it.
TEST(RingTest, HasRoomCountsACompletionTakenDuringEnter) {
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
  const bool blocked = probe.WaitUntilBlockedIn(SYS_futex);
  ring.Count();
  entering.Unlock();
  owner.join();
  EXPECT_TRUE(has_room);
  if (!blocked) GTEST_SKIP() << "/proc does not show a thread's system call";
}

TEST(WaitTest, ReturnsAtMinCompletionsOrWhenNoneRuns) {
  TestHead head;
  BlockedRead a, b;
  unsigned long fd = kBadFd;
  syslet_uatom quick[2] = {Atom(kMightBlock, {&fd}), Atom(kMightBlock, {&fd})};
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
  syslet_uatom first = Atom(kMightBlock, {&fd});
  ASSERT_EQ(head.get()->completion_ring[0], nullptr);
  ASSERT_EQ(syslet_exec(&first), nullptr);
  ASSERT_EQ(syslet_wait(1), 1);
  const int event_fd = static_cast<int>(syslet_event_fd());
  ASSERT_GE(event_fd, 0);
  EXPECT_EQ(syslet_event_fd(), event_fd);
  eventfd_t count = 0;
  EXPECT_EQ(eventfd_read(event_fd, &count), 0);  // Counts earlier ones, too.
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

// Syslets that write an 'x' when they run in a worker, and then block.
class BlockedSyslets {
 public:
  explicit BlockedSyslets(size_t count) : blocked_(count) {
    for (BlockedRead& read : blocked_) {
      syslet_uatom* start = &starts_.emplace_back(
          Atom(SYS_write,
               {values_.Of(static_cast<unsigned long>(out())), values_.Of("x"),
                values_.Of(1ul)},
               nullptr, SYSLET_ASYNC));
      start->next = &read.atom;
    }
  }
  void ExecAll(Head* head) {
    for (syslet_uatom& atom : starts_) ASSERT_EQ(head->Exec(&atom), nullptr);
  }
  // Waits for the next byte that a syslet or a Marker writes.
  char NextByte() {
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
  std::deque<syslet_uatom> starts_;
};

// Work that writes an 'm' and keeps its thread until Release().  A pool starts
// work in order, so whatever gets a thread before the Marker writes before it.
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

TEST(ThreadsTest, MaxNrThreadsHoldsAndCanBeChangedMeanwhile) {
  BlockedSyslets syslets(6);
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
  std::string bytes = {syslets.NextByte(), syslets.NextByte(),
                       syslets.NextByte()};
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 'm'), 1);
  markers.back().Release();
  __atomic_store_n(&user.max_nr_threads, 3ul, __ATOMIC_RELAXED);
  head.Wait(0);  // Reads max_nr_threads.
  EXPECT_EQ(syslets.NextByte(), 'x');
  __atomic_store_n(&user.max_nr_threads, 1ul, __ATOMIC_RELAXED);
  for (size_t i : {0, 1}) {  // The marker gets the thread that becomes free.
    mark();
    syslets.Release(i);
    EXPECT_EQ(syslets.NextByte(), 'm') << i;
  }
  for (size_t i : {2, 3, 4}) {  // The next starts without a call of the owner.
    syslets.Release(i);
    EXPECT_EQ(syslets.NextByte(), 'x') << i;
  }
  syslets.Release(5);
  markers[1].Release();
  markers[2].Release();
  EXPECT_EQ(head.Wait(6), 6u);
}

TEST(ThreadsTest, MaxNrThreadsZeroCountsAsOne) {
  TestHead head(4, /*threads=*/0);
  unsigned long fd = kBadFd;
  syslet_uatom atom = Atom(kMightBlock, {&fd});
  EXPECT_EQ(head.RunToEnd(&atom), &atom);
}

TEST(ThreadsTest, TheDefaultAllowsThirtyOneBlockedSysletsAndOneMore) {
  TestHead head(40);
  std::vector<BlockedRead> reads(SYSLET_THREADS_DEFAULT - 1);
  for (BlockedRead& read : reads) ASSERT_EQ(syslet_exec(&read.atom), nullptr);
  unsigned long fd = kBadFd;
  syslet_uatom last = Atom(kMightBlock, {&fd});
  EXPECT_EQ(head.RunToEnd(&last), &last);
  for (BlockedRead& read : reads) read.Release();
  EXPECT_EQ(syslet_wait(40), static_cast<long>(reads.size()));
}

}  // namespace
}  // namespace syslets
}  // namespace uasio
