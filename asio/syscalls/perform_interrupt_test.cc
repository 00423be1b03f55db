// Perform() in a thread that signals interrupt.

#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "asio/syscalls/perform.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "asio/testing/thread_probe.h"
#include "asio/testing/transfer.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

// While it lives, SIGUSR1 interrupts system calls: there is no SA_RESTART.
class Interruptions {
 public:
  Interruptions() {
    sem_init(&handled_, 0, 0);
    struct sigaction action = {};
    action.sa_handler = [](int) { sem_post(&handled_); };
    EXPECT_EQ(sigaction(SIGUSR1, &action, &before_), 0);
  }
  ~Interruptions() { sigaction(SIGUSR1, &before_, nullptr); }

  void WaitForOne() {
    while (sem_wait(&handled_) != 0) {
    }
  }

 private:
  static inline sem_t handled_;
  struct sigaction before_;
};

// Performs a transfer in a thread of its own.
struct Performer {
  explicit Performer(Transfer* transfer)
      : thread([this, transfer] {
          tid = gettid();
          result = Perform(transfer);
        }) {
    while (tid == 0) sched_yield();
  }

  std::atomic<pid_t> tid{0};
  int64_t result = 0;
  std::thread thread;
};

// Interrupts a read many times, each time once it is certainly blocked, and
// then writes its byte.
TEST(PerformInterruptTest, AnInterruptedReadIsRetried) {
  Interruptions interruptions;
  const Pipe pipe;
  char byte = '\0';
  Transfer t =
      NewTransfer(Op::kRead, pipe.read_end.get(), kFilePosition, &byte, 1);
  Performer reader(&t);
  const ThreadProbe probe(reader.tid);
  bool known = true;
  for (int i = 0; i < 20; ++i) {
    known = probe.WaitUntilBlockedIn(SYS_read);
    if (!known) break;
    pthread_kill(reader.thread.native_handle(), SIGUSR1);
    interruptions.WaitForOne();
  }
  pipe.Put("x");
  reader.thread.join();
  EXPECT_EQ(reader.result, 1);
  EXPECT_EQ(byte, 'x');
  if (!known) GTEST_SKIP() << "/proc does not tell what a thread is doing";
}

// Interrupts a write while the pipe is full: the call returns a short count,
// which ends in the middle of an iovec.
TEST(PerformInterruptTest, AnInterruptedWriteContinuesWhereItStopped) {
  const Interruptions interruptions;
  Pipe pipe;
  std::string text = Pattern(pipe.Capacity() * 3 + 777);
  const std::vector<iovec> parts = SplitIntoIovecs(&text, 1000);
  Transfer t = NewVectorTransfer(Op::kWritev, pipe.write_end.get(),
                                 kFilePosition, parts);
  Performer writer(&t);
  const ThreadProbe probe(writer.tid);
  std::string blocked;
  bool known = probe.WaitUntilBlockedIn(SYS_pwritev2, &blocked);
  pthread_kill(writer.thread.native_handle(), SIGUSR1);
  known = known && probe.WaitUntilBlockedIn(SYS_pwritev2, &blocked);
  std::string back(text.size(), '\0');
  for (size_t done = 0; done < text.size();) {
    const ssize_t n =
        read(pipe.read_end.get(), &back[done], text.size() - done);
    ASSERT_GT(n, 0);
    done += static_cast<size_t>(n);
  }
  writer.thread.join();
  EXPECT_EQ(writer.result, static_cast<int64_t>(text.size()));
  EXPECT_TRUE(back == text);
  if (!known) GTEST_SKIP() << "/proc does not tell what a thread is doing";
}

}  // namespace
}  // namespace uasio
