// Broken rules, and errors without a handler, end the program with a message.

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "asio/testing/fd.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "ucw/asio.h"
#include "ucw/uasio-writeback.h"
#include "ucw/workqueue.h"

namespace uasio {
namespace {

constexpr unsigned kBlock = 4096;

// A queue that is never cleaned up: the tests that use it die.
struct DyingQueue : asio_queue {
  explicit DyingQueue(unsigned writebacks = 1) : asio_queue{} {
    buffer_size = kBlock;
    max_writebacks = writebacks;
    asio_init_queue(this);
  }

  asio_request* Prepare(asio_op op, int fd, unsigned len) {
    asio_request* r = asio_get(this);
    r->op = op;
    r->fd = fd;
    r->len = len;
    return r;
  }
};

class UcwDeathTest : public testing::Test {
 protected:
  UcwDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// A read that does not end.
asio_request* SubmitRead(DyingQueue* q, const Pipe& pipe) {
  asio_request* r = q->Prepare(ASIO_READ, pipe.read_end.get(), 1);
  asio_submit(r);
  return r;
}

TEST_F(UcwDeathTest, SubmittingTwice) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        Pipe pipe;
        asio_submit(SubmitRead(&q, pipe));
      },
      "asio_submit: the request is running; it was submitted before");
}

TEST_F(UcwDeathTest, SubmittingAFinishedRequestBeforeWaitingForIt) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        asio_request* r = q.Prepare(ASIO_READ, -1, 1);
        asio_submit(r);
        asio_sync(&q);
        asio_submit(r);
      },
      "asio_submit: the request is not yours; asio_get.. or asio_wait..");
}

TEST_F(UcwDeathTest, SubmittingAfterPut) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        asio_request* r = q.Prepare(ASIO_READ, -1, 1);
        asio_put(r);
        asio_submit(r);
      },
      "asio_submit: the request is not yours");
}

TEST_F(UcwDeathTest, SubmittingAnUnknownOperation) {
  for (int op : {-1, static_cast<int>(ASIO_FREE), ASIO_WRITE_BACK + 1}) {
    EXPECT_DEATH(
        {
          DyingQueue q;
          asio_request* r = asio_get(&q);
          std::memcpy(&r->op, &op, sizeof(op));
          asio_submit(r);
        },
        "asio_submit: op must be ASIO_READ, ASIO_WRITE or ASIO_WRITE_BACK");
  }
}

TEST_F(UcwDeathTest, SubmittingMoreThanTheBufferHolds) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        asio_submit(q.Prepare(ASIO_READ, -1, kBlock + 1));
      },
      "asio_submit: len exceeds the queue's buffer_size");
  EXPECT_DEATH(
      {
        DyingQueue q;
        q.buffer_size = 10;
        asio_submit(q.Prepare(ASIO_READ, -1, 11));
      },
      "asio_submit: len exceeds the queue's buffer_size");
}

TEST_F(UcwDeathTest, SubmittingAWritebackWithAMaximumOfZero) {
  EXPECT_DEATH(
      {
        DyingQueue q(0);
        asio_submit(q.Prepare(ASIO_WRITE_BACK, -1, 1));
      },
      "asio_submit: a write-back, but the queue's max_writebacks is 0");
}

TEST_F(UcwDeathTest, PuttingARunningRequest) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        Pipe pipe;
        asio_put(SubmitRead(&q, pipe));
      },
      "asio_put: the request is running");
}

TEST_F(UcwDeathTest, PuttingAFinishedRequestBeforeWaitingForIt) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        asio_request* r = q.Prepare(ASIO_READ, -1, 1);
        asio_submit(r);
        asio_sync(&q);
        asio_put(r);
      },
      "asio_put: the request is finished, but not waited for");
}

TEST_F(UcwDeathTest, PuttingTwice) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        asio_request* r = asio_get(&q);
        asio_put(r);
        asio_put(r);
      },
      "asio_put: the request was put before");
}

TEST_F(UcwDeathTest, CleaningUpAQueueWithRequestsNotPut) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        asio_get(&q);
        asio_cleanup_queue(&q);
      },
      "asio_cleanup_queue: requests were not put; asio_put.. them first");
}

TEST_F(UcwDeathTest, CleaningUpAQueueWithRequestsRunning) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        Pipe pipe;
        SubmitRead(&q, pipe);
        asio_cleanup_queue(&q);
      },
      "asio_cleanup_queue: requests are running; asio_sync.. first");
}

TEST_F(UcwDeathTest, InitialisingAQueueWithoutABufferSize) {
  EXPECT_DEATH(
      {
        asio_queue q = {};
        asio_init_queue(&q);
      },
      "asio_init_queue: buffer_size must not be 0");
}

// Calls act() in a forked child while a read is in flight; ends as the child.
[[noreturn]] void EndAsChild(void (*act)(DyingQueue* q)) {
  DyingQueue q;
  Pipe pipe;
  SubmitRead(&q, pipe);
  const pid_t child = fork();
  if (child == 0) {
    act(&q);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  _exit(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

TEST_F(UcwDeathTest, UsingAQueueInAForkedChild) {
  using Act = void (*)(DyingQueue*);
  const Act acts[] = {
      [](DyingQueue* q) { asio_submit(q->Prepare(ASIO_READ, -1, 1)); },
      [](DyingQueue* q) { asio_wait(q); },
      [](DyingQueue* q) { asio_sync(q); },
  };
  for (const Act act : acts) {
    EXPECT_EXIT(EndAsChild(act), testing::ExitedWithCode(SIGABRT),
                "a forked child must not use its parent's (pool|queue)");
  }
  EXPECT_EXIT(EndAsChild([](DyingQueue* q) { asio_get(q); }),
              testing::ExitedWithCode(SIGABRT),
              "asio_get: a forked child must not use its parent's queue");
}

// It releases what is the child's.
TEST_F(UcwDeathTest, CleaningUpAQueueInAForkedChildIsSilent) {
  EXPECT_EXIT(EndAsChild([](DyingQueue* q) {
                alarm(20);
                asio_cleanup_queue(q);
              }),
              testing::ExitedWithCode(0), "^$");
}

TEST_F(UcwDeathTest, AForkedChildMayHaveItsOwnQueues) {
  if (kThreadSanitized) GTEST_SKIP() << "TSan: no threads in a forked child";
  EXPECT_EXIT(EndAsChild([](DyingQueue*) {
                alarm(20);
                DyingQueue own;
                asio_submit(own.Prepare(ASIO_READ, -1, 1));
                asio_request* r = asio_wait(&own);
                if (r->returned_errno != EBADF) abort();
                asio_put(r);
              }),
              testing::ExitedWithCode(0), "^$");
}

TEST_F(UcwDeathTest, WaitingInTheHandlerOfWritebacks) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        asio_on_failed_writeback(
            [](asio_request* r, long long) { asio_sync(r->queue); });
        asio_submit(q.Prepare(ASIO_WRITE_BACK, -1, 1));
        asio_sync(&q);
      },
      "asio: the handler of failed write-backs must not wait");
}

TEST_F(UcwDeathTest, PuttingInTheHandlerOfWritebacks) {
  EXPECT_DEATH(
      {
        DyingQueue q;
        asio_on_failed_writeback(
            [](asio_request* r, long long) { asio_put(r); });
        asio_submit(q.Prepare(ASIO_WRITE_BACK, -1, 1));
        asio_sync(&q);
      },
      "asio_put: the request is running");
}

// Write-backs that fail, without a handler.

void WriteBack(int fd, unsigned len) {
  DyingQueue q;
  asio_submit(q.Prepare(ASIO_WRITE_BACK, fd, len));
  asio_sync(&q);
}

void LimitTo(int resource, rlim_t bytes) {
  rlimit limit = {};
  getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  limit.rlim_cur = bytes;
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

void WriteBackBeyondTheLimit(int fd, rlim_t limit) {
  signal(SIGXFSZ, SIG_IGN);
  LimitTo(RLIMIT_FSIZE, limit);
  WriteBack(fd, kBlock);
}

TEST_F(UcwDeathTest, AFailedWritebackEndsTheProgramWithAMessage) {
  const ScratchFile file;
  const Fd reader = file.Open(O_RDONLY);
  EXPECT_EQ(lseek(reader.get(), 12345, SEEK_SET), 12345);
  EXPECT_EXIT(WriteBack(reader.get(), 10), testing::ExitedWithCode(1),
              "uasio: write-back of 10 bytes at offset 12345 on fd [0-9]+ "
              "\\(.*uasio_.*\\): EBADF \\(Bad file descriptor\\); it is not "
              "open for writing");
}

TEST_F(UcwDeathTest, AWritebackToAFullDeviceNamesEnospc) {
  const Fd full(open("/dev/full", O_WRONLY | O_APPEND | O_CLOEXEC));
  ASSERT_GE(full.get(), 0);
  EXPECT_EXIT(WriteBack(full.get(), kBlock), testing::ExitedWithCode(1),
              "write-back of 4096 bytes at the file position on fd [0-9]+ "
              "\\(/dev/full\\): ENOSPC \\(No space left on device\\)");
}

TEST_F(UcwDeathTest, AMisalignedWritebackNamesWhatIsMisaligned) {
  const ScratchFile file;
  const Fd direct(open(file.path().c_str(), O_RDWR | O_DIRECT | O_CLOEXEC));
  if (direct.get() < 0) GTEST_SKIP() << "no O_DIRECT here: " << strerror(errno);
  if (pwrite(direct.get(), file.path().c_str(), 1, 0) == 1) {
    GTEST_SKIP() << "direct I/O takes anything here";
  }
  EXPECT_EXIT(WriteBack(direct.get(), 7), testing::ExitedWithCode(1),
              "EINVAL .*; length 7 is not a multiple of");
}

TEST_F(UcwDeathTest, AShortWritebackEndsTheProgramWithAMessage) {
  const ScratchFile file(std::string(900, '.'));
  ASSERT_EQ(lseek(file.fd(), 900, SEEK_SET), 900);
  EXPECT_EXIT(WriteBackBeyondTheLimit(file.fd(), 1000),
              testing::ExitedWithCode(1),
              "write-back of 4096 bytes at offset 900 on fd [0-9]+ \\(.*\\): "
              "only 100 were written; the disk is full, or");
}

TEST_F(UcwDeathTest, HavingNoMemoryForABuffer) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer needs the memory itself";
  EXPECT_EXIT(
      {
        DyingQueue q;
        q.buffer_size = 1u << 31;
        LimitTo(RLIMIT_AS, 1 << 30);
        asio_get(&q);
      },
      testing::ExitedWithCode(1),
      "asio_get: no memory for a buffer of 2147483648 bytes");
}

// The work queues.

struct DyingPool : worker_pool {
  explicit DyingPool(unsigned threads = 1) : worker_pool{} {
    num_threads = threads;
    worker_pool_init(this);
  }
};

TEST_F(UcwDeathTest, InitialisingAPoolWithoutThreads) {
  EXPECT_DEATH(DyingPool(0), "worker_pool_init: num_threads must not be 0");
}

TEST_F(UcwDeathTest, ReturningNullFromNewThread) {
  EXPECT_DEATH(
      {
        worker_pool pool = {};
        pool.num_threads = 1;
        pool.new_thread = []() -> worker_thread* { return nullptr; };
        worker_pool_init(&pool);
      },
      "worker_pool_init: new_thread.. returned NULL");
}

void StartEightThreadsWithin(rlim_t bytes) {
  LimitTo(RLIMIT_AS, bytes);
  worker_pool pool = {};
  pool.num_threads = 8;
  pool.stack_size = 32 << 20;
  worker_pool_init(&pool);
}

TEST_F(UcwDeathTest, HavingThreadsRefusedByTheSystem) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer needs the memory itself";
  EXPECT_EXIT(StartEightThreadsWithin(16 << 20), testing::ExitedWithCode(1),
              "only 0 of 8 threads with 33554432 bytes of stack");
  EXPECT_EXIT(StartEightThreadsWithin(192 << 20), testing::ExitedWithCode(1),
              "only [1-7] of 8 threads with 33554432 bytes of stack");
}

TEST_F(UcwDeathTest, SubmittingWorkWithoutGo) {
  EXPECT_DEATH(
      {
        DyingPool pool;
        work_queue queue;
        work_queue_init(&pool, &queue);
        work w = {};
        work_submit(&queue, &w);
      },
      "Submit: the work has no go");
}

TEST_F(UcwDeathTest, CleaningUpAWorkQueueWithWorkNotWaitedFor) {
  EXPECT_DEATH(
      {
        DyingPool pool;
        work_queue queue;
        work_queue_init(&pool, &queue);
        work w = {};
        w.go = [](worker_thread*, work*) {};
        work_submit(&queue, &w);
        work_queue_cleanup(&queue);
      },
      "work_queue_cleanup: work is still running, or was not waited for");
}

TEST_F(UcwDeathTest, CleaningUpARawQueueWithWaitingWork) {
  EXPECT_DEATH(
      {
        raw_queue queue;
        raw_queue_init(&queue);
        work w = {};
        raw_queue_put(&queue, &w);
        raw_queue_cleanup(&queue);
      },
      "raw_queue_cleanup: work still waits in the queue");
}

TEST_F(UcwDeathTest, TakingRequestsFromAPool) {
  EXPECT_DEATH(
      {
        DyingPool pool;
        raw_queue_get(&pool.requests);
      },
      "raw_queue_get: only a pool's threads take its requests");
  EXPECT_DEATH(
      {
        DyingPool pool;
        raw_queue_try_get(&pool.requests);
      },
      "raw_queue_get: only a pool's threads take its requests");
}

}  // namespace
}  // namespace uasio
