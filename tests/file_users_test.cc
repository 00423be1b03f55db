// A File must not be closed while a queue of the process has requests in flight
// on its fd, or uses it.

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/child.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr char kRule[] = "File: a queue has requests in flight on the file";

class FileUsersTest : public BackendTest {
 protected:
  FileUsersTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  File OpenPipe() const {
    return File::Adopt(dup(pipe_.read_end.get()), "pipe");
  }

  const Pipe pipe_;
};
UASIO_INSTANTIATE_BACKENDS(FileUsersTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(FileUsersTest);

TEST_P(FileUsersTest, ClosingAFileWithRequestsInFlight) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  EXPECT_DEATH(
      {
        const auto queue = MakeQueue();
        File file = OpenPipe();
        Submit(queue.get(), Op::kRead, file.fd(), kFilePosition, 1);
        file.Close().IgnoreError();
      },
      kRule);
}

TEST_P(FileUsersTest, AssigningToAFileWithRequestsInFlight) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  EXPECT_DEATH(
      {
        const auto queue = MakeQueue();
        File file = OpenPipe();
        Submit(queue.get(), Op::kRead, file.fd(), kFilePosition, 1);
        file = File();
      },
      kRule);
}

TEST_P(FileUsersTest, DestroyingAFileThatAQueueUses) {
  EXPECT_DEATH(
      {
        const auto queue = MakeQueue();
        const BlockFile file = MakeFile("a");
        queue->Use(file.fd());
      },
      kRule);
}

TEST_P(FileUsersTest, ClosingAFileThatAQueueOfAnotherThreadUses) {
  const auto use = [this] {
    File file = OpenPipe();
    std::thread([&] {
      const auto queue = MakeQueue();
      queue->Use(file);
      file.Close().IgnoreError();
    }).join();
  };
  EXPECT_DEATH(use(), kRule);
}

TEST_P(FileUsersTest, AFileMayBeClosedWhenItsRequestsAreBack) {
  BlockFile file = MakeFile("ab");
  File pipe = OpenPipe();
  pipe_.Put("xy");
  const auto a = MakeQueue(), b = MakeQueue();
  for (Queue* queue : {a.get(), b.get()}) {
    Request* r = Submit(queue, Op::kRead, file.fd(), 0, block());
    EXPECT_EQ(Finish(queue, r), static_cast<int64_t>(block()));
    r = Submit(queue, Op::kRead, pipe.fd(), kFilePosition, 1);
    EXPECT_EQ(Finish(queue, r), 1);
  }
  EXPECT_TRUE(pipe.Close().ok());
}

TEST_P(FileUsersTest, AFileMayBeClosedWhenEachQueueHasForgottenItOrIsGone) {
  File file = OpenPipe();
  const auto queue = MakeQueue();
  queue->Use(file);
  {
    const auto other = MakeQueue();
    other->Use(file);
    pipe_.Put("x");
    Request* r = Submit(other.get(), Op::kRead, file.fd(), kFilePosition, 1);
    EXPECT_EQ(Finish(other.get(), r), 1);
  }
  EXPECT_TRUE(queue->Close(&file).ok());
}

TEST_P(FileUsersTest, AChildMayCloseTheFilesOfItsParentsQueues) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  File file = OpenPipe(), used = OpenPipe();
  const auto queue = MakeQueue();
  queue->Use(used);
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), kFilePosition, 1);
  const ChildOutcome child =
      RunInChild([&] { return !file.Close().ok() || !used.Close().ok(); });
  EXPECT_EQ(child.status, 0) << child.printed;
  pipe_.Put("x");
  EXPECT_EQ(Finish(queue.get(), r), 1);
  EXPECT_TRUE(queue->Forget(used.fd()).ok());
}

}  // namespace
}  // namespace uasio
