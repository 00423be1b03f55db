// The contract: "Errors of write-backs", and what the queue's destructor runs
// and prints.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/mount.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class KeptErrorsTest : public BackendTest {
 protected:
  const Fd full_{open("/dev/full", O_WRONLY | O_CLOEXEC)};
};
UASIO_INSTANTIATE_BACKENDS(KeptErrorsTest);

TEST_P(KeptErrorsTest, TheFirstErrorIsKeptInFull) {
  const auto queue = MakeQueue();
  int mine = 0;
  Request* w =
      PrepareWrite(queue.get(), Op::kWriteBack, full_.get(), 100, "abc");
  w->user_data = &mine;
  queue->Submit(w);
  const absl::Status status = queue->Sync();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("write-back of 3 bytes at offset 100 on fd"));
  const Ledger::Account* account = queue->ledger().Find(full_.get());
  ASSERT_NE(account, nullptr);
  ASSERT_EQ(account->errors.size(), 1u);
  const KeptError& error = account->errors[0];
  EXPECT_EQ(error.op, Op::kWriteBack);
  EXPECT_EQ(error.fd, full_.get());
  EXPECT_EQ(error.offset, 100);
  EXPECT_EQ(error.length, 3u);
  EXPECT_EQ(error.transferred, 0u);
  EXPECT_EQ(error.error, ENOSPC);
  EXPECT_EQ(error.user_data, &mine);
  queue->ClearErrors(full_.get());
}

TEST_P(KeptErrorsTest, SixteenErrorsAreKeptAndAllAreCounted) {
  const auto queue = MakeQueue();
  for (int i = 0; i < 50; ++i) {
    SubmitWrite(queue.get(), Op::kWriteBack, full_.get(), i, "x");
  }
  EXPECT_FALSE(queue->Sync().ok());
  const Ledger::Account* account = queue->ledger().Find(full_.get());
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->errors.size(), 16u);
  EXPECT_EQ(account->count, 50u);
  queue->ClearErrors(full_.get());
}

TEST_P(KeptErrorsTest, SyncReturnsErrorsUntilClearErrorsOfTheirFd) {
  const auto queue = MakeQueue();
  const ScratchFile file;
  const Fd readable = file.Open(O_RDONLY);
  SubmitWrite(queue.get(), Op::kWriteBack, full_.get(), 0, "x");
  SubmitWrite(queue.get(), Op::kWriteBack, readable.get(), 0, "x");
  EXPECT_FALSE(queue->Sync().ok());
  EXPECT_FALSE(queue->Sync().ok());
  queue->ClearErrors(full_.get());
  EXPECT_THAT(std::string(queue->Sync().message()), HasSubstr("EBADF"));
  queue->ClearErrors(readable.get());
  EXPECT_TRUE(queue->Sync().ok());
}

TEST_P(KeptErrorsTest, AnExplicitWritesErrorIsItsResultAndNotKept) {
  const auto queue = MakeQueue();
  Request* w = SubmitWrite(queue.get(), Op::kWrite, full_.get(), 0, "x");
  EXPECT_EQ(Finish(queue.get(), w), -ENOSPC);
  EXPECT_TRUE(queue->Sync().ok());
}

TEST_P(KeptErrorsTest, AFailedWriteBackBecomesIdle) {
  QueueOptions options;
  options.requests_max = options.writebacks_max = 1;
  const auto queue = MakeQueue(options);
  for (int i = 0; i < 5; ++i) {
    SubmitWrite(queue.get(), Op::kWriteBack, full_.get(), 0, "x");
    EXPECT_FALSE(queue->Sync().ok());
  }
  queue->ClearErrors(full_.get());
}

// With any errno: network file systems return various ones for a lost write.
TEST(KeptSyncErrorsTest, ALaterSuccessfulFsyncDoesNotClearAFailedOne) {
  ManualQueue q;
  const ScratchFile file;
  for (const int error : {EIO, ENOSPC, EBADF, EINVAL}) {
    Request* r = Submit(&q.queue, Op::kFsync, file.fd());
    q.held->FinishAs(r, -error);
    EXPECT_EQ(Finish(&q.queue, r), -error);
    r = Submit(&q.queue, Op::kFsync, file.fd());
    EXPECT_EQ(Finish(&q.queue, r), 0);
    EXPECT_FALSE(q.queue.ledger().status(file.fd()).ok()) << error;
    q.queue.ClearErrors(file.fd());
    EXPECT_TRUE(q.queue.ledger().status().ok());
  }
}

TEST(KeptSyncErrorsTest, AFailedFsyncIsReturnedUntilItIsSeenAsAResult) {
  ManualQueue q;
  const ScratchFile file;
  Request* r = Submit(&q.queue, Op::kFsync, file.fd());
  q.held->FinishAs(r, -EIO);
  EXPECT_FALSE(q.queue.Sync().ok());
  EXPECT_EQ(Finish(&q.queue, r), -EIO);
  EXPECT_TRUE(q.queue.Sync().ok());
  SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 7, "x");
  q.held->FinishAs(q.held->running[0], -ENOSPC);
  const absl::Status unseen = q.queue.Sync();
  EXPECT_THAT(std::string(unseen.message()), HasSubstr("at offset 7"));
  EXPECT_EQ(q.queue.Forget(file.fd()), unseen);
}

TEST(KeptSyncErrorsTest, AFailedFsyncThatItsHandlerSawIsNotReturnedAgain) {
  testing::internal::CaptureStderr();
  {
    ManualQueue q;
    const ScratchFile file;
    Request* r = Prepare(&q.queue, Op::kFsync, file.fd());
    r->handler = [](Request*) noexcept {};
    q.queue.Submit(r);
    q.held->FinishAs(r, -EIO);
    EXPECT_TRUE(q.queue.Sync().ok());
    EXPECT_FALSE(q.queue.ledger().status(file.fd()).ok());
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST(KeptSyncErrorsTest, AFailedFsyncThatNobodyWaitedForIsPrinted) {
  testing::internal::CaptureStderr();
  {
    ManualQueue q;
    const ScratchFile file;
    q.held->FinishAs(Submit(&q.queue, Op::kFsync, file.fd()), -EIO);
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("EIO"));
}

TEST(KeptSyncErrorsTest, AWriteBackThatEndsWithEcanceledIsKept) {
  ManualQueue q;
  const ScratchFile file;
  Request* w = SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
  q.held->FinishAs(w, -ECANCELED);
  EXPECT_FALSE(q.queue.Sync().ok());
  q.queue.ClearErrors(file.fd());
}

TEST_P(KeptErrorsTest, TheDestructorPrintsUnreadErrors) {
  testing::internal::CaptureStderr();
  {
    const auto queue = MakeQueue();
    SubmitWrite(queue.get(), Op::kWriteBack, full_.get(), 0, "x");
    SubmitWrite(queue.get(), Op::kWriteBack, full_.get(), 1, "x");
  }
  const std::string words = testing::internal::GetCapturedStderr();
  EXPECT_THAT(words, HasSubstr("write-back of 1 bytes at offset"));
  EXPECT_THAT(words, HasSubstr("/dev/full"));
  EXPECT_THAT(words, HasSubstr("ENOSPC"));
  EXPECT_THAT(words, HasSubstr("1 more"));
}

TEST_P(KeptErrorsTest, TheDestructorPrintsErrorsAfterTheLastSync) {
  testing::internal::CaptureStderr();
  {
    const auto queue = MakeQueue();
    SubmitWrite(queue.get(), Op::kWriteBack, full_.get(), 0, "x");
    EXPECT_FALSE(queue->Sync().ok());
    SubmitWrite(queue.get(), Op::kWriteBack, full_.get(), 1, "x");
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("1 more"));
}

TEST_P(KeptErrorsTest, TheDestructorDoesNotPrintErrorsThatSyncReturned) {
  testing::internal::CaptureStderr();
  {
    const auto queue = MakeQueue();
    SubmitWrite(queue.get(), Op::kWriteBack, full_.get(), 0, "x");
    EXPECT_FALSE(queue->Sync().ok());
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST_P(KeptErrorsTest, TheDestructorDoesNotPrintErrorsThatForgetReturned) {
  testing::internal::CaptureStderr();
  {
    const auto queue = MakeQueue();
    SubmitWrite(queue.get(), Op::kWriteBack, full_.get(), 0, "x");
    EXPECT_FALSE(queue->Sync().ok());
    EXPECT_FALSE(queue->Forget(full_.get()).ok());
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

class KeptFileErrorsTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(KeptFileErrorsTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(KeptFileErrorsTest);

TEST_P(KeptFileErrorsTest, AWriteBackThatOnlyPartlyFitsIsKept) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("0123456789");
  {
    const FileSizeLimit limit(5 * block());
    SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), 0, Blocks("ab"));
    SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), At(3), Blocks("abcd"));
    EXPECT_FALSE(queue->Sync().ok());
  }
  const Ledger::Account* account = queue->ledger().Find(file.fd());
  ASSERT_NE(account, nullptr);
  ASSERT_EQ(account->errors.size(), 1u);
  EXPECT_EQ(account->errors[0].error, EFBIG);
  EXPECT_EQ(account->errors[0].offset, At(3));
  EXPECT_EQ(account->errors[0].length, 4 * block());
  EXPECT_EQ(account->errors[0].transferred, 2 * block());
  EXPECT_EQ(file.Text(), "ab2ab56789");
  queue->ClearErrors(file.fd());
}

TEST_P(KeptFileErrorsTest, TheDestructorRunsHeldRequests) {
  const BlockFile file = MakeFile("oooo");
  {
    QueueOptions options;
    options.depth_max = 1;
    const auto queue = MakeQueue(options);
    const auto write = [&](Op op, size_t at, const char* text) {
      SubmitWrite(queue.get(), op, file.fd(), At(at), Blocks(text));
    };
    write(Op::kWriteBack, 0, "aaaa");
    write(Op::kWrite, 1, "bbb");
    write(Op::kWriteBack, 2, "cc");
    write(Op::kWrite, 3, "d");
  }
  EXPECT_EQ(file.Text(), "abcd");
}

TEST_P(KeptFileErrorsTest, OnAFullFileSystemErrorsCountTheBytesTransferred) {
  const SmallFileSystem small("1m");
  if (!small.why_not().empty()) GTEST_SKIP() << small.why_not();
  const int direct = GetParam().direct ? O_DIRECT : 0;
  const Fd fd(open(small.Path("file").c_str(),
                   O_RDWR | O_CREAT | O_CLOEXEC | direct, 0600));
  if (fd.get() < 0 && direct != 0) GTEST_SKIP() << "no direct I/O on tmpfs";
  ASSERT_GE(fd.get(), 0);
  const auto queue = MakeQueue();
  constexpr size_t kBytes = 48 << 10;
  for (size_t i = 0; i < 30; ++i) {
    SubmitWrite(queue.get(), Op::kWriteBack, fd.get(),
                static_cast<int64_t>(i * kBytes), std::string(kBytes, 'x'));
  }
  EXPECT_EQ(queue->Sync().code(), absl::StatusCode::kResourceExhausted);
  const Ledger::Account* account = queue->ledger().Find(fd.get());
  ASSERT_NE(account, nullptr);
  size_t written = 30 * kBytes;
  for (const KeptError& e : account->errors) written -= kBytes - e.transferred;
  struct stat info;
  ASSERT_EQ(fstat(fd.get(), &info), 0);
  EXPECT_EQ(info.st_blocks * 512, static_cast<int64_t>(written));
  queue->ClearErrors(fd.get());
}

}  // namespace
}  // namespace uasio
