// Failure of the means: while there is no fd or no thread, requests fail, and
// nothing of that is left once the moment is over.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "gtest/gtest.h"

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

}  // namespace
}  // namespace uasio
