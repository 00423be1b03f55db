// ReadIfCached() must read what is cached, and must not wait for a device.

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "asio/syscalls/perform.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "asio/testing/transfer.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kPage = 4096;

bool HasOtherPages() { return sysconf(_SC_PAGESIZE) != long{kPage}; }

// Whether the kernel supports RWF_NOWAIT for such a file; on tmpfs it does not.
bool SupportsNowait(int fd) {
  char byte;
  const iovec one = {&byte, 1};
  return preadv2(fd, &one, 1, 0, RWF_NOWAIT) >= 0 || errno != EOPNOTSUPP;
}

bool IsCached(int fd, size_t page) {
  void* map = mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd,
                   static_cast<off_t>(page * kPage));
  unsigned char cached = 0;
  EXPECT_EQ(mincore(map, kPage, &cached), 0);
  munmap(map, kPage);
  return (cached & 1) != 0;
}

// Drops the file from the page cache, and turns off its read-ahead.
void DropFromPageCache(int fd) {
  EXPECT_EQ(fsync(fd), 0);
  EXPECT_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
  EXPECT_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
}

TEST(ReadIfCachedTest, ReadsWhatIsCached) {
  const Scratch scratch;
  const std::string text = Pattern(kCachedBytesMax);
  const Fd fd = scratch.Open("data", text);
  if (!SupportsNowait(fd.get())) GTEST_SKIP() << "no RWF_NOWAIT here";
  std::string back(text.size(), '\0');
  Transfer t = NewTransfer(Op::kRead, fd.get(), 0, back.data(), back.size());
  EXPECT_EQ(ReadIfCached(&t), static_cast<int64_t>(text.size()));
  EXPECT_EQ(back, text);
  std::string parts(text.size() - 100, '\0');
  const std::vector<iovec> iovecs = SplitIntoIovecs(&parts, 7);
  Transfer vector = NewVectorTransfer(Op::kReadv, fd.get(), 100, iovecs);
  EXPECT_EQ(ReadIfCached(&vector), static_cast<int64_t>(parts.size()));
  EXPECT_EQ(parts, text.substr(100));
}

// It does not wait if at least one of many reads returns -EAGAIN.
TEST(ReadIfCachedTest, DoesNotWaitForPagesThatAreMissing) {
  if (HasOtherPages()) GTEST_SKIP() << "pages do not have 4096 bytes here";
  constexpr size_t kPages = 64;
  const Scratch scratch;
  const std::string text = Pattern(kPages * kPage);
  const Fd fd = scratch.Open("data", text);
  if (!SupportsNowait(fd.get())) GTEST_SKIP() << "no RWF_NOWAIT here";
  DropFromPageCache(fd.get());
  if (IsCached(fd.get(), 1)) GTEST_SKIP() << "the page cache keeps the file";
  size_t refused = 0;
  for (size_t i = 0; i < kPages; ++i) {
    const size_t offset = i * kPage;
    std::string back(kPage, '\0');
    Transfer t = NewTransfer(Op::kRead, fd.get(), static_cast<int64_t>(offset),
                             back.data(), kPage);
    const int64_t result = ReadIfCached(&t);
    if (result == -EAGAIN) ++refused;
    EXPECT_EQ(result == -EAGAIN ? Perform(&t) : result, 4096);
    EXPECT_EQ(back, text.substr(offset, kPage));
  }
  EXPECT_GT(refused, 0u);
}

// Bytes that it has read are not read again: the file position has moved.
TEST(ReadIfCachedTest, PerformContinuesAfterAPartialRead) {
  if (HasOtherPages()) GTEST_SKIP() << "pages do not have 4096 bytes here";
  const Scratch scratch;
  const std::string text = Pattern(4 * kPage);
  const Fd fd = scratch.Open("data", text);
  DropFromPageCache(fd.get());
  std::string back(4 * kPage + 1, '\0');
  ASSERT_EQ(pread(fd.get(), back.data(), kPage, 0), 4096);  // Page 0 alone.
  back.assign(back.size(), '\0');
  Transfer t =
      NewTransfer(Op::kRead, fd.get(), kFilePosition, back.data(), back.size());
  const int64_t attempted = ReadIfCached(&t);
  if (attempted == 4 * 4096) GTEST_SKIP() << "the page cache keeps the file";
  EXPECT_EQ(attempted, -EAGAIN);
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), static_cast<off_t>(t.done));
  EXPECT_EQ(Perform(&t), 4 * 4096);
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), 4 * 4096);
  EXPECT_EQ(back, text + '\0');
}

TEST(ReadIfCachedTest, FindsTheEndOfTheFile) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data", "abc");
  if (!SupportsNowait(fd.get())) GTEST_SKIP() << "no RWF_NOWAIT here";
  char back[10];
  Transfer across = NewTransfer(Op::kRead, fd.get(), 1, back, 10);
  EXPECT_EQ(ReadIfCached(&across), 2);
  EXPECT_EQ(std::string(back, 2), "bc");
  Transfer beyond = NewTransfer(Op::kRead, fd.get(), 3, back, 10);
  EXPECT_EQ(ReadIfCached(&beyond), 0);
  Transfer t = NewTransfer(Op::kRead, fd.get(), kFilePosition, back, 10);
  EXPECT_EQ(ReadIfCached(&t), 3);
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), 3);
}

// The wait status of `child`; 0: it succeeded.
int StatusOf(pid_t child) {
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// In a child, where each preadv2(2) returns 0.
TEST(ReadIfCachedTest, AZeroBeforeTheEndOfFileIsNotBelieved) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  const Scratch scratch;
  const Fd fd = scratch.Open("data", "abc");
  char back[10];
  const pid_t child = fork();
  if (child == 0) {
    RefuseCalls({{SYS_preadv2, 0}});
    Transfer inside = NewTransfer(Op::kRead, fd.get(), 2, back, 10);
    Transfer end = NewTransfer(Op::kRead, fd.get(), 3, back, 10);
    Transfer position =
        NewTransfer(Op::kRead, fd.get(), kFilePosition, back, 10);
    const bool right =
        ReadIfCached(&inside) == -EAGAIN && ReadIfCached(&end) == 0 &&
        ReadIfCached(&position) == -EAGAIN &&
        lseek(fd.get(), 3, SEEK_SET) == 3 && ReadIfCached(&position) == 0;
    _exit(right ? 0 : 1);
  }
  EXPECT_EQ(StatusOf(child), 0);
}

TEST(ReadIfCachedTest, BeginsAtEndOfFileLooksAtTheRestOfTheRead) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data", "abc");
  char back[10];
  Transfer t = NewTransfer(Op::kRead, fd.get(), 2, back, 10);
  EXPECT_FALSE(BeginsAtEndOfFile(t));
  t.done = 1;
  EXPECT_TRUE(BeginsAtEndOfFile(t));
  t.offset = kFilePosition;
  EXPECT_FALSE(BeginsAtEndOfFile(t));
  ASSERT_EQ(lseek(fd.get(), 4, SEEK_SET), 4);
  EXPECT_TRUE(BeginsAtEndOfFile(t));
  const Pipe pipe;
  t.fd = pipe.read_end.get();
  EXPECT_FALSE(BeginsAtEndOfFile(t));
  t.fd = -1;
  EXPECT_FALSE(BeginsAtEndOfFile(t));
}

int64_t Try(Op op, int fd, char* buffer, size_t length) {
  Transfer t = NewTransfer(op, fd, 0, buffer, length);
  const int64_t result = ReadIfCached(&t);
  EXPECT_EQ(t.done, 0u);
  return result;
}

TEST(ReadIfCachedTest, AllOtherTransfersReturnEagain) {
  const Scratch scratch;
  std::string text = Pattern(kCachedBytesMax + 1);
  const Fd fd = scratch.Open("data", text);
  EXPECT_EQ(Try(Op::kRead, fd.get(), text.data(), text.size()), -EAGAIN);
  EXPECT_EQ(Try(Op::kRead, fd.get(), nullptr, 10), -EAGAIN);
  EXPECT_EQ(Try(Op::kRead, -1, text.data(), 10), -EAGAIN);
  EXPECT_EQ(Try(Op::kRead, -1, nullptr, 0), -EAGAIN);
  EXPECT_EQ(Try(Op::kWrite, fd.get(), text.data(), 10), -EAGAIN);
  EXPECT_EQ(Try(Op::kFsync, fd.get(), nullptr, 0), -EAGAIN);
  EXPECT_EQ(Try(Op::kNoOp, -1, nullptr, 0), -EAGAIN);
  const Pipe pipe;
  pipe.Put("abc");
  EXPECT_EQ(Try(Op::kRead, pipe.read_end.get(), text.data(), 3), -EAGAIN);
  EXPECT_EQ(pipe.Waiting(), 3u);
}

TEST(ReadIfCachedTest, DirectReadsReturnEagain) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data", Pattern(2 * kPage));
  alignas(kPage) char back[kPage];
  Transfer t = NewTransfer(Op::kRead, fd.get(), 0, back, kPage);
  t.traits.direct = true;
  EXPECT_EQ(ReadIfCached(&t), -EAGAIN);
  EXPECT_EQ(t.done, 0u);
}

}  // namespace
}  // namespace uasio
