// The contract: "Validity": what the queue remembers of an fd, and how long.

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class ValidityTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(ValidityTest);

// Leaves an error of a write-back in the ledger.
void FailAWriteBack(Queue* queue, int full) {
  SubmitWrite(queue, Op::kWriteBack, full, 0, "x");
  EXPECT_FALSE(queue->Sync().ok());
}

TEST_P(ValidityTest, ForgetReturnsAndDropsTheKeptErrors) {
  const auto queue = MakeQueue();
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  FailAWriteBack(queue.get(), full.get());
  EXPECT_EQ(queue->Forget(full.get()).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(queue->Forget(full.get()).ok());
  EXPECT_TRUE(queue->Sync().ok());
}

TEST_P(ValidityTest, ForgetOfAnFdNeverSeenIsOk) {
  const auto queue = MakeQueue();
  EXPECT_TRUE(queue->Forget(1000).ok());
}

TEST_P(ValidityTest, CloseReturnsTheKeptErrorAndCloses) {
  const auto queue = MakeQueue();
  File file = File::Adopt(open("/dev/full", O_WRONLY | O_CLOEXEC), "full");
  const int fd = file.fd();
  FailAWriteBack(queue.get(), fd);
  EXPECT_EQ(queue->Close(&file).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(file.is_open());
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
  EXPECT_TRUE(queue->Sync().ok());
}

TEST_P(ValidityTest, CloseOfAFileWithoutErrorsIsOk) {
  const auto queue = MakeQueue();
  const ScratchFile scratch;
  File file = File::Adopt(dup(scratch.fd()), scratch.path());
  SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), 0, "x");
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_TRUE(queue->Close(&file).ok());
  EXPECT_EQ(scratch.Contents(), "x");
}

// The number is a pipe first, then an O_APPEND file.  If the queue remembered
// the pipe, the write would go to an offset instead of the end of the file.
TEST_P(ValidityTest, AReusedFdNumberStartsClean) {
  const auto queue = MakeQueue();
  const ScratchFile file("0123456789");
  Pipe pipe(O_NONBLOCK);
  pipe.Put("abc");
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 10);
  EXPECT_EQ(Finish(queue.get(), r), 3);
  EXPECT_TRUE(queue->Forget(pipe.read_end.get()).ok());
  const Fd appending = file.Open(O_RDWR | O_APPEND);
  ASSERT_EQ(dup2(appending.get(), pipe.read_end.get()), pipe.read_end.get());
  Request* w =
      SubmitWrite(queue.get(), Op::kWrite, pipe.read_end.get(), 0, "ab");
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), w);
  EXPECT_EQ(w->result, 2);
  EXPECT_TRUE(w->traits.sized);
  EXPECT_TRUE(w->traits.append);
  EXPECT_FALSE(w->traits.nonblocking);
  EXPECT_EQ(file.Contents(), "0123456789ab");
}

TEST_P(ValidityTest, AFinishedRequestNoLongerHoldsItsFd) {
  const auto queue = MakeQueue();
  const ScratchFile file("abc");
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), 0, 3);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_TRUE(queue->Forget(file.fd()).ok());  // Although `r` is not put yet.
  EXPECT_EQ(BytesOf(*r), "abc");
}

TEST_P(ValidityTest, AnFdThatIsNotOpenGivesEbadf) {
  const auto queue = MakeQueue();
  for (const Op op : {Op::kRead, Op::kWrite}) {
    Request* r = Submit(queue.get(), op, -1, 0, 1);
    EXPECT_EQ(Finish(queue.get(), r), -EBADF);
  }
  Request* r = Submit(queue.get(), Op::kFsync, -1);
  EXPECT_EQ(Finish(queue.get(), r), -EBADF);
  queue->ClearErrors(-1);
}

}  // namespace
}  // namespace uasio
