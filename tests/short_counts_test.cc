// The contract: "Short counts" on fds with a size, and status() messages.

#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using ::testing::HasSubstr;

class ShortCountsTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(ShortCountsTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(ShortCountsTest);

TEST_P(ShortCountsTest, AReadIsShortOnlyAtTheEndOfTheFile) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("0123456789");
  const struct {
    size_t offset, expected;
  } cases[] = {{0, 4}, {6, 4}, {7, 3}, {9, 1}, {10, 0}, {1000, 0}};
  for (const auto& c : cases) {
    Request* r =
        Submit(queue.get(), Op::kRead, file.fd(), At(c.offset), 4 * block());
    EXPECT_EQ(Finish(queue.get(), r), At(c.expected)) << "at " << c.offset;
  }
}

TEST_P(ShortCountsTest, AVectoredReadIsShortAtTheEndOfTheFile) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("0123456789");
  Request* r = Prepare(queue.get(), Op::kReadv, file.fd(), At(4));
  const iovec iovecs[] = {{r->buffer, 4 * block()},
                          {r->buffer + At(8), 4 * block()}};
  r->iovecs = iovecs, r->iovec_count = 2;
  queue->Submit(r);
  EXPECT_EQ(Finish(queue.get(), r), At(6));
  EXPECT_EQ(TextOf(std::string(r->buffer, 4 * block()) +
                   std::string(r->buffer + At(8), 2 * block())),
            "456789");
}

TEST_P(ShortCountsTest, ADirectReadStopsAtAnUnalignedEndOfFile) {
  const auto queue = MakeQueue();
  const ScratchFile scratch(std::string(5000, 'a'));
  auto file = File::Open(scratch.path(), O_RDONLY);
  ASSERT_TRUE(file.ok()) << file.status();
  if (!file->direct()) GTEST_SKIP() << file->why_buffered();
  Request* r = Submit(queue.get(), Op::kRead, file->fd(), 0, 16384);
  EXPECT_EQ(Finish(queue.get(), r), 5000);
  r = Submit(queue.get(), Op::kRead, file->fd(), 4096, 8192);
  EXPECT_EQ(Finish(queue.get(), r), 904);
  r = Submit(queue.get(), Op::kRead, file->fd(), 8192, 4096);
  EXPECT_EQ(Finish(queue.get(), r), 0);
}

TEST_P(ShortCountsTest, OffsetsBeyondFourGibibytesAreNotTruncated) {
  const auto queue = MakeQueue();
  const ScratchFile file;
  const Fd direct = file.Open(O_RDWR | O_DIRECT);
  ASSERT_EQ(ftruncate(file.fd(), (int64_t{5} << 30) + 4096), 0);
  for (const int64_t gib : {1, 2, 4, 5}) {
    const std::string bytes(4096, static_cast<char>('0' + gib));
    const int64_t offset = gib << 30;
    SubmitWrite(queue.get(), Op::kWriteBack, direct.get(), offset, bytes);
    Request* r = Submit(queue.get(), Op::kRead, direct.get(), offset, 8192);
    ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
    EXPECT_EQ(r->result, gib == 5 ? 4096 : 8192) << r->status();
    EXPECT_TRUE(std::string(r->buffer, 4096) == bytes) << gib;
    queue->Put(r);
  }
}

TEST_P(ShortCountsTest, AZeroLengthTransferSucceeds) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("abc");
  for (const Op op : {Op::kRead, Op::kWrite, Op::kReadv, Op::kWritev}) {
    const iovec none = {};
    Request* r = Prepare(queue.get(), op, file.fd(), At(1), 0);
    r->iovecs = &none;
    queue->Submit(r);
    EXPECT_EQ(Finish(queue.get(), r), 0) << OpName(op);
  }
  EXPECT_EQ(file.Text(), "abc");
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  EXPECT_EQ(Finish(queue.get(), r), At(1));  // By the backend itself.
}

TEST_P(ShortCountsTest, AZeroLengthTransferHasTheErrorsOfTheSystemCall) {
  const auto queue = MakeQueue();
  const ScratchFile file;
  const int direct = GetParam().direct ? O_DIRECT : 0;
  const Fd out = file.Open(O_WRONLY | direct);
  const Fd in = file.Open(O_RDONLY | direct);
  Request* r = Submit(queue.get(), Op::kRead, out.get(), 0, 0);
  EXPECT_EQ(Finish(queue.get(), r), -EBADF);
  r = Submit(queue.get(), Op::kWrite, in.get(), 0, 0);
  EXPECT_EQ(Finish(queue.get(), r), -EBADF);
  r = Submit(queue.get(), Op::kRead, in.get(), -2, 0);
  EXPECT_EQ(Finish(queue.get(), r), -EINVAL);
}

// The limit bounds what a backend that cuts the length would write.
TEST_P(ShortCountsTest, AnImpossibleLengthTransfersNothing) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("abcdefgh");
  const Buffer lent = Buffer::Allocate(8 * block());
  const FileSizeLimit limit(8 * block());
  for (const Op op : {Op::kRead, Op::kWrite}) {
    for (const size_t length : {SIZE_MAX, SIZE_MAX / 2}) {
      const ssize_t n = op == Op::kRead
                            ? pread(file.fd(), lent.data(), length, 0)
                            : pwrite(file.fd(), lent.data(), length, 0);
      ASSERT_EQ(n, -1);
      const int error = errno;
      Request* r = Prepare(queue.get(), op, file.fd(), 0, length);
      r->buffer = lent.data();
      queue->Submit(r);
      ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
      EXPECT_EQ(r->result, -error) << OpName(op) << " of " << length;
      EXPECT_EQ(r->transferred, 0u) << OpName(op) << " of " << length;
      EXPECT_THAT(std::string(r->status().message()),
                  HasSubstr(absl::StrCat(OpName(op), " of ", length,
                                         " bytes at offset 0")));
      queue->Put(r);
    }
  }
  EXPECT_EQ(file.Text(), "abcdefgh");
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  EXPECT_EQ(Finish(queue.get(), r), At(1));  // By the backend itself.
}

// The kernel writes the bytes that fit, and refuses the rest.
TEST_P(ShortCountsTest, AWriteIsWholeOrAnErrorWithTheBytesTransferred) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("0123456789ab");
  Request* w = Prepare(queue.get(), Op::kWrite, file.fd(), At(8), 4 * block());
  {
    const FileSizeLimit limit(10 * block());
    queue->Submit(w);
    ASSERT_EQ(queue->WaitUntil(TestDeadline()), w);
  }
  EXPECT_EQ(w->result, -EFBIG);
  EXPECT_EQ(w->transferred, 2 * block());
  EXPECT_THAT(std::string(w->status().message()),
              HasSubstr("EFBIG (File too large) after " +
                        std::to_string(2 * block()) + " bytes"));
}

TEST_P(ShortCountsTest, StatusNamesTheOperationOffsetLengthFileAndErrno) {
  const auto queue = MakeQueue();
  const ScratchFile file;
  const Fd fd = file.Open(O_WRONLY);
  Request* r = Submit(queue.get(), Op::kRead, fd.get(), 512, 100);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  const std::string words(r->status().message());
  EXPECT_THAT(words, HasSubstr("read of 100 bytes at offset 512"));
  EXPECT_THAT(words, HasSubstr("fd " + std::to_string(int{fd.get()})));
  EXPECT_THAT(words, HasSubstr(file.path()));
  EXPECT_THAT(words, HasSubstr("EBADF"));
}

TEST_P(ShortCountsTest, StatusNamesWhatIsMisaligned) {
  const auto queue = MakeQueue();
  const ScratchFile scratch(std::string(8192, 'a'));
  auto file = File::Open(scratch.path(), O_RDONLY);
  ASSERT_TRUE(file.ok()) << file.status();
  if (!file->direct()) GTEST_SKIP() << file->why_buffered();
  if (TakesAnyAlignment(file->fd())) {
    GTEST_SKIP() << "O_DIRECT takes any alignment on this file system";
  }
  const struct {
    int64_t offset;
    size_t length;
    size_t shift;  // Of the address.
    const char* word;
  } cases[] = {{1, 4096, 0, "offset 1 is not a multiple"},
               {0, 4097, 0, "length 4097 is not a multiple"},
               {0, 4096, 1, "address"}};
  for (const auto& c : cases) {
    Request* r =
        Prepare(queue.get(), Op::kRead, file->fd(), c.offset, c.length);
    r->buffer += c.shift;
    queue->Submit(r);
    ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
    ASSERT_EQ(r->result, -EINVAL);
    EXPECT_THAT(std::string(r->status().message()), HasSubstr(c.word));
    queue->Put(r);
  }
}

TEST_P(ShortCountsTest, AnInvalidVectorGivesEinval) {
  const auto queue = MakeQueue();
  const ScratchFile file("abc");
  char a[1];
  const iovec huge[] = {{a, SIZE_MAX}, {a, SIZE_MAX}};
  const std::vector<iovec> many(IOV_MAX + 1, {a, 0});
  const struct {
    const iovec* iovecs;
    int count;
    const char* words;
  } cases[] = {{huge, 2, "length 18446744073709551615 exceeds SSIZE_MAX"},
               {huge, -1, "the number of iovecs is negative"},
               {many.data(), IOV_MAX + 1, "1025 iovecs exceed IOV_MAX (1024)"}};
  for (const auto& c : cases) {
    Request* r = Prepare(queue.get(), Op::kReadv, file.fd(), 0);
    r->iovecs = c.iovecs, r->iovec_count = c.count;
    queue->Submit(r);
    ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
    EXPECT_EQ(r->result, -EINVAL);
    EXPECT_THAT(std::string(r->status().message()), HasSubstr(c.words));
    queue->Put(r);
  }
}

TEST_P(ShortCountsTest, StatusSaysThatAnFdWithoutIoIsOpenedByOPath) {
  const auto queue = MakeQueue();
  const ScratchFile file("abc");
  const Fd path = file.Open(O_PATH);
  for (const Op op : {Op::kRead, Op::kWrite, Op::kFsync, Op::kFdatasync}) {
    Request* r = Submit(queue.get(), op, path.get(), 0, 1);
    ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
    EXPECT_EQ(r->result, -EBADF);
    EXPECT_THAT(std::string(r->status().message()), HasSubstr("O_PATH"));
    queue->Put(r);
  }
  queue->ClearErrors(path.get());
}

}  // namespace
}  // namespace uasio
