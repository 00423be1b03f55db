// Failure of the means: while there is no fd or no thread, requests fail, and
// nothing of that is left once the moment is over.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"
#include "workqueue/deadline.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

constexpr size_t kThreads = 2;
constexpr unsigned kHangSeconds = 20;

class MeansTest : public BackendTest {
 protected:
  static QueueOptions Options() {
    QueueOptions options;
    options.threads_max = kThreads;
    return options;
  }
};
UASIO_INSTANTIATE_BACKENDS(MeansTest);

Request* SubmitRead(Queue* queue, const Pipe& pipe) {
  return Submit(queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
}

TEST_P(MeansTest, AMomentWithoutFdsTakesNoThreadAway) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const ScratchFile file("0123456789");
  const std::vector<Pipe> pipes(kThreads);
  const auto queue = MakeQueue(Options());
  {
    const FdLimit none(0);
    for (const Pipe& pipe : pipes) SubmitRead(queue.get(), pipe);
    for (size_t i = 0; i < kThreads; ++i) {
      Request* r = queue->WaitUntil(absl::Now() + absl::Seconds(2));
      EXPECT_NE(r, nullptr) << "a read of a silent pipe blocks a thread";
      if (r == nullptr) continue;
      EXPECT_EQ(r->result, -EMFILE);
      queue->Put(r);
    }
  }
  if (queue->in_flight() > 0) {  // Ends what blocks, so that the test ends.
    for (const Pipe& pipe : pipes) pipe.Put("x");
  }
  FinishAll(queue.get());
  EXPECT_EQ(
      Finish(queue.get(), Submit(queue.get(), Op::kRead, file.fd(), 0, 9)), 9);
  Request* read = SubmitRead(queue.get(), pipes[0]);
  queue->Cancel(read);
  EXPECT_EQ(Finish(queue.get(), read), -ECANCELED);
}

// In a child, which cannot start threads.
template <typename Function>
void ExpectExitsWithoutThreads(const Function& in_child) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  EXPECT_EXIT(
      {
        alarm(kHangSeconds);
        RefuseCalls({{SYS_clone, EAGAIN}, {SYS_clone3, EAGAIN}});
        in_child();
        _exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST_P(MeansTest, WithoutThreadsAReadOfASilentPipeFails) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  ExpectExitsWithoutThreads([this] {
    const Pipe pipe;
    const auto queue = MakeQueue(Options());
    Request* read = SubmitRead(queue.get(), pipe);
    if (Finish(queue.get(), read) != -EAGAIN) _exit(1);
    pipe.Put("x");
    if (Finish(queue.get(), SubmitRead(queue.get(), pipe)) != 1) _exit(2);
  });
}

TEST_P(MeansTest, WithoutThreadsAWriteWithoutReadersGivesEpipe) {
  ExpectExitsWithoutThreads([this] {
    const DefaultSigpipe sigpipe;
    Pipe pipe;
    pipe.read_end.Close();
    const auto queue = MakeQueue(Options());
    Request* write = SubmitWrite(queue.get(), Op::kWrite, pipe.write_end.get(),
                                 kFilePosition, "x");
    if (Finish(queue.get(), write) != -EPIPE) _exit(1);
  });
}

// A pool that starts no thread while there is NoRoomForStacks.
class BusyPool {
 public:
  // Occupies all threads that there are, and one at least.
  void Occupy() {
    do {
      gates_.emplace_back().Stop(&pool_);
    } while (gates_.size() < pool_.threads());
  }

  // So that the queue and the pool can end.
  void Open() {
    for (PoolGate& gate : gates_) gate.Open();
  }

  QueueOptions options() {
    QueueOptions options;
    options.pool = &pool_;
    return options;
  }

 private:
  static WorkerPoolOptions BigStacks() {
    WorkerPoolOptions options;
    options.stack_bytes = NoRoomForStacks::kBigStackBytes;
    return options;
  }

  std::deque<PoolGate> gates_;
  WorkerPool pool_{BigStacks()};
};

Request* SubmitWriteWithoutThreads(Queue* queue, const ScratchFile& file) {
  const NoRoomForStacks none;
  return SubmitWrite(queue, Op::kWrite, file.fd(), 0, "x");
}

absl::Time Soon() { return absl::Now() + absl::Seconds(5); }

TEST_P(MeansTest, AMomentWithoutThreadsLeavesNoRequestWaitingForEver) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const ScratchFile file;
  BusyPool pool;
  pool.Occupy();
  const auto queue = MakeQueue(pool.options());
  Request* write = SubmitWriteWithoutThreads(queue.get(), file);
  EXPECT_EQ(queue->WaitUntil(Soon()), write);
  pool.Open();
}

// An event loop that calls TryWait() also when its poll(2) times out.
TEST_P(MeansTest, AnEventLoopGetsWhatWasSubmittedInAMomentWithoutThreads) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const ScratchFile file;
  BusyPool pool;
  pool.Occupy();
  const auto queue = MakeQueue(pool.options());
  const int event_fd = *queue->event_fd();
  Request* write = SubmitWriteWithoutThreads(queue.get(), file);
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(5);
  Request* back = nullptr;
  while (back == nullptr && !HasPassed(deadline)) {
    static_cast<void>(PollIn(event_fd, std::chrono::steady_clock::now() +
                                           std::chrono::milliseconds(50)));
    back = queue->TryWait();
  }
  EXPECT_EQ(back, write);
  pool.Open();
}

// The epoll thread has the request, and the owner waits already.
TEST_P(MeansTest, AReadyPipeIsReadInAMomentWithoutThreads) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const Pipe pipe;
  BusyPool pool;
  const auto queue = MakeQueue(pool.options());
  Request* read = SubmitRead(queue.get(), pipe);
  pool.Occupy();  // A thread has attempted the read before.
  {
    const NoRoomForStacks none;
    pipe.Put("x");
    EXPECT_EQ(queue->WaitUntil(Soon()), read);
  }
  pool.Open();
}

TEST(MeansOfTwoSourcesTest, AMomentWithoutThreadsLeavesNoRequestWaiting) {
  const ScratchFile file;
  BusyPool pool;
  pool.Occupy();
  ManualQueue q(pool.options());
  q.held->takes = [](const Request& r) { return r.op == Op::kNoOp; };
  Submit(&q.queue, Op::kNoOp);
  Request* write = SubmitWriteWithoutThreads(&q.queue, file);
  EXPECT_EQ(q.queue.WaitUntil(Soon()), write);
  pool.Open();
}

}  // namespace
}  // namespace uasio
