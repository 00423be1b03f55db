// The contract: "Threads": each thread has its own queue; all share one pool.

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

class ThreadsTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(ThreadsTest);

TEST_P(ThreadsTest, QueuesOfSeveralThreadsShareOnePool) {
  WorkerPool pool;
  QueueOptions options;
  options.pool = &pool;
  constexpr int kThreads = 4, kRequests = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      const auto queue = MakeQueue(options);
      const ScratchFile file;
      size_t count = 0;
      for (int i = 0; i < kRequests; ++i) {
        SubmitWrite(queue.get(), Op::kWrite, file.fd(), i, "x");
        if (i % 100 == 99) count += FinishAll(queue.get());
      }
      EXPECT_EQ(count, size_t{kRequests});
      EXPECT_EQ(file.Contents(), std::string(kRequests, 'x'));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(ThreadsTest, OneThreadMayHaveSeveralQueues) {
  const auto a = MakeQueue(), b = MakeQueue();
  Request* ra = Submit(a.get(), Op::kNoOp);
  Request* rb = Submit(b.get(), Op::kNoOp);
  EXPECT_EQ(Finish(b.get(), rb), 0);
  EXPECT_EQ(Finish(a.get(), ra), 0);
}

TEST_P(ThreadsTest, QueuesComeAndGoOnASharedPool) {
  WorkerPool pool;
  QueueOptions options;
  options.pool = &pool;
  options.requests_max = 4;
  const ScratchFile file;
  for (int i = 0; i < 50; ++i) {
    const auto queue = MakeQueue(options);
    SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), i, "x");
    Submit(queue.get(), Op::kNoOp);
  }
  EXPECT_EQ(file.Contents(), std::string(50, 'x'));
}

TEST(WorkerThreadsTest, WorkersBlockAllSignals) {
  WorkerPoolOptions pool_options;
  static std::atomic<bool> all_blocked{false};
  pool_options.start_hook = []() -> WorkerThread* {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    all_blocked = sigismember(&mask, SIGUSR1) == 1 &&
                  sigismember(&mask, SIGTERM) == 1 &&
                  sigismember(&mask, SIGPIPE) == 1;
    return nullptr;
  };
  WorkerPool pool(pool_options);
  QueueOptions options;
  options.pool = &pool;
  Queue queue(options);
  EXPECT_EQ(Finish(&queue, Submit(&queue, Op::kNoOp)), 0);
  EXPECT_TRUE(all_blocked);
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGUSR1), 0);  // This thread's are unchanged.
}

}  // namespace
}  // namespace uasio
