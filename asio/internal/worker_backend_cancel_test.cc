// Tests WorkerBackend::Cancel() in each place where a job can be.

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "asio/internal/worker_backend.h"
#include "asio/testing/backend.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "asio/testing/thread_probe.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"

namespace uasio::internal {
namespace {

// The pool has one thread, which performs jobs one after the other.
class WorkerCancelTest : public testing::Test {
 protected:
  static WorkerPoolOptions Options(std::atomic<pid_t>* tid) {
    WorkerPoolOptions options;
    options.threads_max = 1;
    options.start_hook = [tid]() -> WorkerThread* {
      *tid = gettid();
      return nullptr;
    };
    return options;
  }

  // Waits until the thread has performed all jobs that were started before, or
  // has given them to the epoll thread.
  void WaitForEarlierJobs() {
    struct Marker : Work {
      sem_t passed;
    } marker = {};
    sem_init(&marker.passed, 0, 0);
    marker.go = [](WorkerThread*, Work* w) {
      sem_post(&static_cast<Marker*>(w)->passed);
    };
    pool_.Submit(&marker);
    while (sem_wait(&marker.passed) != 0) {
    }
  }

  Request ReadPipe(char* buffer, size_t length) {
    return MakeRequest(Op::kRead, pipe_.read_end.get(), kFilePosition, buffer,
                       length);
  }

  const Pipe pipe_;
  std::atomic<pid_t> tid_{0};
  WorkerPool pool_{Options(&tid_)};
  WorkerBackend backend_{&pool_};
};

TEST_F(WorkerCancelTest, ARequestInThePoolsBacklogDoesNotRun) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  PoolGate gate;
  gate.Stop(&pool_);
  char letters[] = "abc";
  std::vector<Request> writes;
  for (int i = 0; i < 3; ++i) {
    writes.push_back(
        MakeRequest(Op::kWrite, fd.get(), kFilePosition, &letters[i], 1));
    writes.back().priority = i;  // The pool's backlog has two parts.
  }
  backend_.Start({&writes[0], &writes[1], &writes[2]});
  for (const int cancelled : {0, 2}) {
    backend_.Cancel(&writes[cancelled]);
    ExpectFinished(&backend_, &writes[cancelled]);
    EXPECT_EQ(writes[cancelled].result, -ECANCELED);
  }
  gate.Open();
  ReapAll(&backend_, 1);
  EXPECT_EQ(writes[1].result, 1);
  EXPECT_EQ(Contents(scratch.Path("data")), "b");
}

TEST_F(WorkerCancelTest, ABlockedPipeReadEndsAtOnceAndTakesNothing) {
  char byte;
  Request read = ReadPipe(&byte, 1);
  StartOne(&backend_, &read);
  WaitForEarlierJobs();
  backend_.Cancel(&read);
  ExpectFinished(&backend_, &read);
  EXPECT_EQ(read.result, -ECANCELED);
  pipe_.Put("x");
  WaitForEarlierJobs();
  EXPECT_EQ(pipe_.Waiting(), 1u);
  StartOne(&backend_, &read);
  ReapAll(&backend_, 1);
  EXPECT_EQ(read.result, 1);
}

TEST_F(WorkerCancelTest, AHundredBlockedReadsAllEnd) {
  const std::vector<Pipe> pipes(100);
  std::vector<char> bytes(100);
  std::vector<Request> reads;
  for (int i = 0; i < 100; ++i) {
    reads.push_back(MakeRequest(Op::kRead, pipes[i].read_end.get(),
                                kFilePosition, &bytes[i], 1));
  }
  for (Request& read : reads) StartOne(&backend_, &read);
  for (Request& read : reads) backend_.Cancel(&read);
  ReapAll(&backend_, 100);
  for (const Request& read : reads) EXPECT_EQ(read.result, -ECANCELED);
}

TEST_F(WorkerCancelTest, AHalfDoneWriteReportsTheBytesTransferred) {
  std::string text = Pattern(pipe_.Capacity() * 2);
  Request write = MakeRequest(Op::kWrite, pipe_.write_end.get(), kFilePosition,
                              text.data(), text.size());
  StartOne(&backend_, &write);
  WaitForEarlierJobs();
  backend_.Cancel(&write);
  ReapAll(&backend_, 1);
  EXPECT_EQ(write.result, -ECANCELED);
  EXPECT_EQ(write.transferred, pipe_.Capacity());
  EXPECT_EQ(pipe_.Waiting(), pipe_.Capacity());
}

TEST_F(WorkerCancelTest, ACompletedRequestKeepsItsResult) {
  Request request = MakeNoOp();
  StartOne(&backend_, &request);
  WaitForEarlierJobs();
  backend_.Cancel(&request);
  ReapAll(&backend_, 1);
  EXPECT_EQ(request.result, 0);
  backend_.Cancel(&request);  // It is not in flight any more.
  ExpectFinished(&backend_, nullptr);
}

// No fd is left for epoll, so the pool's thread waits for the pipe.
TEST_F(WorkerCancelTest, ARunningReadReturnsItsRealResult) {
  WaitForEarlierJobs();
  const ThreadProbe thread(tid_);
  char byte;
  Request read = ReadPipe(&byte, 1);
  bool known;
  {
    const FdLimit none(0);
    StartOne(&backend_, &read);
    known = thread.WaitUntilBlockedIn(SYS_read);
  }
  backend_.Cancel(&read);
  if (known) ExpectFinished(&backend_, nullptr);
  pipe_.Put("x");
  ReapAll(&backend_, 1);
  if (!known) GTEST_SKIP() << "/proc does not say where a thread blocks";
  EXPECT_EQ(read.result, 1);
  EXPECT_EQ(byte, 'x');
}

// Cancel() meets the job at random points of its way to the epoll thread.
TEST_F(WorkerCancelTest, ACancelThatRacesWithTheThreadIsNotLost) {
  for (int i = 0; i < 20000; ++i) {
    char byte;
    Request read = ReadPipe(&byte, 1);
    StartOne(&backend_, &read);
    for (std::atomic<int> spin{0}; spin < i % 1000; ++spin) {
    }
    backend_.Cancel(&read);
    ReapAll(&backend_, 1);
    ASSERT_EQ(read.result, -ECANCELED);
  }
}

// The pipe becomes ready while the read is cancelled.  The read comes back
// once, and either has the byte, or has left it in the pipe.
TEST(WorkerCancelStressTest, ACancelThatRacesWithReadinessLosesNoByte) {
  constexpr int kRounds = 5000;
  WorkerPool pool;
  WorkerBackend backend(&pool);
  const Pipe pipe;
  std::atomic<int> turn{-1};
  std::thread writer([&] {
    for (int i = 0; i < kRounds; ++i) {
      while (turn < i) sched_yield();
      pipe.Put("x");
    }
  });
  int results[2] = {};
  for (int i = 0; i < kRounds; ++i) {
    char byte;
    Request read =
        MakeRequest(Op::kRead, pipe.read_end.get(), kFilePosition, &byte, 1);
    StartOne(&backend, &read);
    turn = i;
    for (int spin = 0; spin < i % 64; ++spin) sched_yield();
    backend.Cancel(&read);
    ReapAll(&backend, 1);
    ASSERT_TRUE(read.result == 1 || read.result == -ECANCELED) << read.result;
    ++results[read.result == 1];
    if (read.result != 1) {
      ASSERT_EQ(::read(pipe.read_end.get(), &byte, 1), 1);
    }
    ASSERT_EQ(pipe.Waiting(), 0u);
    ExpectFinished(&backend, nullptr);
  }
  writer.join();
  RecordProperty("cancelled", results[0]);
}

}  // namespace
}  // namespace uasio::internal
