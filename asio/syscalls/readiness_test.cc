#include "asio/syscalls/readiness.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

// Two other tests use a sem_t as it is: one waits for a single post, and one
// posts in a signal handler.
class Semaphore {
 public:
  Semaphore() { sem_init(&sem_, 0, 0); }
  ~Semaphore() { sem_destroy(&sem_); }
  void Post() { sem_post(&sem_); }
  void Wait() {
    while (sem_wait(&sem_) != 0) {
    }
  }
  bool TryWait() { return sem_trywait(&sem_) == 0; }

 private:
  sem_t sem_;
};

// A watch that counts its calls.
struct Counter : Readiness::Watch {
  Counter(int fd_to_watch, uint32_t for_events) {
    fd = fd_to_watch;
    events = for_events;
    ready = [](Watch* watch) {
      Counter* self = static_cast<Counter*>(watch);
      ++self->calls;
      self->called.Post();
    };
  }
  std::atomic<int> calls{0};
  Semaphore called;
};

// Returns once the epoll thread has handled everything that was ready.
void WaitUntilHandled(Readiness* readiness) {
  for (int i = 0; i < 2; ++i) {
    const Pipe pipe;
    pipe.Put("x");
    Counter last(pipe.read_end.get(), EPOLLIN);
    ASSERT_EQ(readiness->Add(&last, nullptr), 0);
    last.called.Wait();
  }
}

TEST(ReadinessTest, FiresOnceWhenTheFdBecomesReady) {
  Readiness readiness;
  const Pipe pipe;
  Counter watch(pipe.read_end.get(), EPOLLIN);
  ASSERT_EQ(readiness.Add(&watch, nullptr), 0);
  WaitUntilHandled(&readiness);
  EXPECT_EQ(watch.calls, 0);
  pipe.Put("x");
  watch.called.Wait();
  pipe.Put("y");
  WaitUntilHandled(&readiness);
  EXPECT_EQ(watch.calls, 1);
  EXPECT_FALSE(readiness.Cancel(&watch));
}

TEST(ReadinessTest, FiresForAnFdThatIsReadyAlreadyAndCanBeAddedAgain) {
  Readiness readiness;
  const Pipe pipe;
  Counter watch(pipe.write_end.get(), EPOLLOUT);
  for (int i = 1; i <= 10; ++i) {
    ASSERT_EQ(readiness.Add(&watch, nullptr), 0);
    watch.called.Wait();
    EXPECT_EQ(watch.calls, i);
  }
}

TEST(ReadinessTest, FiresWhenTheOtherEndIsClosed) {
  Readiness readiness;
  Pipe pipe;
  Counter watch(pipe.read_end.get(), EPOLLIN);
  ASSERT_EQ(readiness.Add(&watch, nullptr), 0);
  pipe.write_end.Close();
  watch.called.Wait();
  EXPECT_EQ(watch.calls, 1);
}

TEST(ReadinessTest, FiresAllWatchesOfAnFd) {
  Readiness readiness;
  const Pipe pipe;
  Counter one(pipe.read_end.get(), EPOLLIN);
  Counter two(pipe.read_end.get(), EPOLLIN);
  Counter cancelled(pipe.read_end.get(), EPOLLIN);
  for (Counter* watch : {&one, &cancelled, &two}) {
    ASSERT_EQ(readiness.Add(watch, nullptr), 0);
  }
  EXPECT_TRUE(readiness.Cancel(&cancelled));
  pipe.Put("x");
  one.called.Wait();
  two.called.Wait();
  WaitUntilHandled(&readiness);
  EXPECT_EQ(one.calls, 1);
  EXPECT_EQ(two.calls, 1);
  EXPECT_EQ(cancelled.calls, 0);
}

TEST(ReadinessTest, WatchesBothDirectionsOfASocketSeparately) {
  const SocketPair sockets;
  Readiness readiness;
  Counter in(sockets.here.get(), EPOLLIN);
  Counter out(sockets.here.get(), EPOLLOUT);
  ASSERT_EQ(readiness.Add(&in, nullptr), 0);
  ASSERT_EQ(readiness.Add(&out, nullptr), 0);
  out.called.Wait();
  WaitUntilHandled(&readiness);
  EXPECT_EQ(in.calls, 0);
  // The socket is still watched for input.
  ASSERT_EQ(write(sockets.there.get(), "x", 1), 1);
  in.called.Wait();
  EXPECT_EQ(out.calls, 1);
}

TEST(ReadinessTest, ACancelledDirectionLeavesTheOther) {
  const SocketPair sockets;
  std::string much(4 << 20, 'x');
  while (send(sockets.here.get(), much.data(), much.size(), MSG_DONTWAIT) > 0) {
  }
  Readiness readiness;
  Counter in(sockets.here.get(), EPOLLIN);
  Counter out(sockets.here.get(), EPOLLOUT);
  ASSERT_EQ(readiness.Add(&out, nullptr), 0);
  ASSERT_EQ(readiness.Add(&in, nullptr), 0);
  EXPECT_TRUE(readiness.Cancel(&in));
  ASSERT_EQ(write(sockets.there.get(), "x", 1), 1);
  WaitUntilHandled(&readiness);
  EXPECT_EQ(in.calls, 0);
  EXPECT_EQ(out.calls, 0);
  while (recv(sockets.there.get(), much.data(), much.size(), MSG_DONTWAIT) >
         0) {
  }
  out.called.Wait();
}

TEST(ReadinessTest, CancelIsTrueOnceAndFalseIfNothingIsWatched) {
  Readiness readiness;
  const Pipe pipe;
  Counter watch(pipe.read_end.get(), EPOLLIN);
  EXPECT_FALSE(readiness.Cancel(&watch));
  ASSERT_EQ(readiness.Add(&watch, nullptr), 0);
  EXPECT_TRUE(readiness.Cancel(&watch));
  EXPECT_FALSE(readiness.Cancel(&watch));
  pipe.Put("x");
  WaitUntilHandled(&readiness);
  EXPECT_EQ(watch.calls, 0);
  ASSERT_EQ(readiness.Add(&watch, nullptr), 0);
  watch.called.Wait();
}

TEST(ReadinessTest, AddRefusesAWatchThatIsCancelledAlready) {
  Readiness readiness;
  const Pipe pipe;
  pipe.Put("x");
  Counter watch(pipe.read_end.get(), EPOLLIN);
  std::atomic<bool> cancelled{true};
  EXPECT_EQ(readiness.Add(&watch, &cancelled), ECANCELED);
  EXPECT_FALSE(readiness.Cancel(&watch));
  WaitUntilHandled(&readiness);
  EXPECT_EQ(watch.calls, 0);
  cancelled = false;
  ASSERT_EQ(readiness.Add(&watch, &cancelled), 0);
  watch.called.Wait();
}

TEST(ReadinessTest, AnFdThatCannotBeWatchedIsAnErrorAndNotAdded) {
  const Scratch scratch;
  const Fd file = scratch.Open("data");
  Readiness readiness;
  Counter of_file(file.get(), EPOLLIN);
  EXPECT_EQ(readiness.Add(&of_file, nullptr), EPERM);
  EXPECT_FALSE(readiness.Cancel(&of_file));
  Counter of_nothing(-1, EPOLLIN);
  EXPECT_EQ(readiness.Add(&of_nothing, nullptr), EBADF);
  EXPECT_FALSE(readiness.Cancel(&of_nothing));
}

TEST(ReadinessTest, AReusedNumberIsWatchedAnew) {
  Readiness readiness;
  for (int i = 0; i < 100; ++i) {  // The same two numbers, most likely.
    const Pipe pipe;
    Counter cancelled(pipe.read_end.get(), EPOLLIN);
    Counter fired(pipe.write_end.get(), EPOLLOUT);
    ASSERT_EQ(readiness.Add(&cancelled, nullptr), 0);
    ASSERT_EQ(readiness.Add(&fired, nullptr), 0);
    ASSERT_TRUE(readiness.Cancel(&cancelled));
    fired.called.Wait();
  }
}

TEST(ReadinessTest, FiresForHundredsOfFdsAtOnce) {
  Readiness readiness;
  std::vector<Pipe> pipes(400);
  std::vector<std::unique_ptr<Counter>> watches;
  for (const Pipe& pipe : pipes) {
    watches.push_back(std::make_unique<Counter>(pipe.read_end.get(), EPOLLIN));
    ASSERT_EQ(readiness.Add(watches.back().get(), nullptr), 0);
  }
  for (const Pipe& pipe : pipes) pipe.Put("x");
  for (const auto& watch : watches) watch->called.Wait();
  for (const auto& watch : watches) EXPECT_EQ(watch->calls, 1);
}

// Closes the first fd of that kind, as a program does that closes all fds.
// Uses syscall(2), so that ThreadSanitizer does not report the intended race
// with the epoll thread.
void CloseFirst(const std::string& kind) {
  for (int fd = 0; fd < 1024; ++fd) {
    char target[64] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    if (readlink(link.c_str(), target, sizeof(target) - 1) < 0) continue;
    if (target != kind) continue;
    ASSERT_EQ(syscall(SYS_close, fd), 0);
    return;
  }
  FAIL() << "there is no fd of " << kind;
}

TEST(ReadinessTest, WatchesAnewAfterItsFdsWereClosed) {
  const Pipe pipe, other;
  Counter ready(pipe.read_end.get(), EPOLLIN);
  Counter waiting(other.read_end.get(), EPOLLIN);
  Readiness readiness;
  ASSERT_EQ(readiness.Add(&ready, nullptr), 0);
  ASSERT_EQ(readiness.Add(&waiting, nullptr), 0);
  CloseFirst("anon_inode:[eventpoll]");
  pipe.Put("x");  // Wakes the thread.
  ready.called.Wait();
  waiting.called.Wait();
  ASSERT_EQ(readiness.Add(&waiting, nullptr), 0);
  other.Put("x");
  waiting.called.Wait();
  EXPECT_EQ(waiting.calls, 2);
}

TEST(ReadinessTest, WatchesOnceThereAreFds) {
  const Pipe pipe;
  pipe.Put("x");
  Counter watch(pipe.read_end.get(), EPOLLIN);
  Readiness readiness;
  {
    const FdLimit none(0);
    EXPECT_EQ(readiness.Add(&watch, nullptr), EMFILE);
  }
  ASSERT_EQ(readiness.Add(&watch, nullptr), 0);
  watch.called.Wait();
}

TEST(ReadinessTest, CanBeDestroyedWithAndWithoutItsThread) {
  { Readiness unused; }
  Readiness used;
  WaitUntilHandled(&used);
}

TEST(ReadinessTest, CanBeDestroyedOnceAllIsCancelled) {
  const Pipe pipe;
  Counter one(pipe.read_end.get(), EPOLLIN);
  Counter two(pipe.read_end.get(), EPOLLIN);
  Readiness readiness;
  ASSERT_EQ(readiness.Add(&one, nullptr), 0);
  ASSERT_EQ(readiness.Add(&two, nullptr), 0);
  EXPECT_TRUE(readiness.Cancel(&one));
  EXPECT_TRUE(readiness.Cancel(&two));
}

TEST(ReadinessDeathTest, MustNotBeDestroyedWhileItWatches) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        const Pipe pipe;
        Counter watch(pipe.read_end.get(), EPOLLIN);
        Readiness readiness;
        readiness.Add(&watch, nullptr);
      },
      "fds are still watched");
}

TEST(ReadinessDeathTest, ItsFdsMustNotBeClosedByOthers) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        Readiness readiness;
        WaitUntilHandled(&readiness);
        CloseFirst("anon_inode:[eventfd]");
      },
      "must not close fds that it did not open");
}

// A thread makes the pipe ready while the test cancels: either ready() is
// called or Cancel() returns true, never both, never neither.
TEST(ReadinessTest, CancelAndReadyExcludeEachOther) {
  constexpr int kRounds = 5000;
  Readiness readiness;
  const Pipe pipe;
  Semaphore turn;
  std::thread writer([&] {
    for (int i = 0; i < kRounds; ++i) {
      turn.Wait();
      pipe.Put("x");
    }
  });
  int cancelled = 0;
  for (int i = 0; i < kRounds; ++i) {
    Counter watch(pipe.read_end.get(), EPOLLIN);
    ASSERT_EQ(readiness.Add(&watch, nullptr), 0);
    turn.Post();
    for (int spin = 0; spin < i % 64; ++spin) sched_yield();
    const bool was_cancelled = readiness.Cancel(&watch);
    if (!was_cancelled) watch.called.Wait();
    cancelled += was_cancelled;
    char byte;
    ASSERT_EQ(read(pipe.read_end.get(), &byte, 1), 1);  // Waits for writer.
    ASSERT_EQ(watch.calls, was_cancelled ? 0 : 1);
  }
  writer.join();
  RecordProperty("cancelled", cancelled);
}

}  // namespace
}  // namespace uasio
