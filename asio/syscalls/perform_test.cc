// Perform(); see also perform_interrupt_test.cc.

#include "asio/syscalls/perform.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "asio/testing/transfer.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

int64_t Do(Op op, int fd, int64_t offset, char* buffer, size_t length) {
  Transfer t = NewTransfer(op, fd, offset, buffer, length);
  const int64_t result = Perform(&t);
  EXPECT_TRUE(result < 0 || t.done == static_cast<size_t>(result));
  return result;
}

TEST(PerformTest, ReadsAndWritesAtOffsets) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  std::string text = "0123456789";
  EXPECT_EQ(Do(Op::kWrite, fd.get(), 5, text.data(), 10), 10);
  EXPECT_EQ(Do(Op::kWriteBack, fd.get(), 0, text.data(), 5), 5);
  EXPECT_EQ(Contents(scratch.Path("data")), "012340123456789");
  char back[4];
  EXPECT_EQ(Do(Op::kRead, fd.get(), 3, back, 4), 4);
  EXPECT_EQ(std::string(back, 4), "3401");
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), 0);
}

TEST(PerformDeathTest, AnUnknownOpIsNotPerformed) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  char byte = 'x';
  Transfer t = NewTransfer(static_cast<Op>(100), -1, 0, &byte, 1);
  EXPECT_DEATH(Perform(&t), "Perform: there is no such op");
  EXPECT_DEATH(PerformNonBlocking(&t), "Perform: there is no such op");
}

TEST(PerformTest, TransfersAtTheFilePositionMoveIt) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data", "abcdef");
  char back[6] = {};
  EXPECT_EQ(Do(Op::kRead, fd.get(), kFilePosition, back, 2), 2);
  EXPECT_EQ(Do(Op::kWrite, fd.get(), kFilePosition, back, 2), 2);
  const std::vector<iovec> rest = {{back + 2, 1}, {back + 3, 3}};
  Transfer t = NewVectorTransfer(Op::kReadv, fd.get(), kFilePosition, rest);
  EXPECT_EQ(Perform(&t), 2);
  EXPECT_EQ(std::string(back, 4), "abef");
  EXPECT_EQ(Contents(scratch.Path("data")), "ababef");
}

TEST(PerformTest, ReadsAndWritesVectors) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  std::string text = Pattern(10000);
  const std::vector<iovec> parts = SplitIntoIovecs(&text, 7);
  Transfer write = NewVectorTransfer(Op::kWritev, fd.get(), 100, parts);
  EXPECT_EQ(Perform(&write), 10000);
  EXPECT_EQ(Contents(scratch.Path("data")), std::string(100, '\0') + text);
  std::string back(10000, '\0');
  const std::vector<iovec> places = SplitIntoIovecs(&back, 3);
  Transfer read = NewVectorTransfer(Op::kReadv, fd.get(), 100, places);
  EXPECT_EQ(Perform(&read), 10000);
  EXPECT_EQ(back, text);
}

TEST(PerformTest, FlagsArePassedToTheCall) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data", "abc");
  std::string text = "12345678";
  Transfer t = NewTransfer(Op::kWrite, fd.get(), 0, text.data(), text.size());
  t.flags = RWF_APPEND;
  EXPECT_EQ(Perform(&t), 8);
  const std::vector<iovec> parts = SplitIntoIovecs(&text, 2);
  Transfer vector = NewVectorTransfer(Op::kWritev, fd.get(), 0, parts);
  vector.flags = RWF_APPEND;
  EXPECT_EQ(Perform(&vector), 8);
  EXPECT_EQ(Contents(scratch.Path("data")), "abc1234567812345678");
}

TEST(PerformTest, SyncsAndNoOpsReturnZero) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data", "x");
  EXPECT_EQ(Do(Op::kFsync, fd.get(), 0, nullptr, 0), 0);
  EXPECT_EQ(Do(Op::kFdatasync, fd.get(), 0, nullptr, 0), 0);
  EXPECT_EQ(Do(Op::kNoOp, -1, 0, nullptr, 0), 0);
  EXPECT_EQ(Do(Op::kFsync, -1, 0, nullptr, 0), -EBADF);
  const Pipe pipe;
  EXPECT_EQ(Do(Op::kFsync, pipe.read_end.get(), 0, nullptr, 0), -EINVAL);
}

TEST(PerformTest, AReadIsShortAtTheEndOfFileOnly) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data", Pattern(1000));
  char back[4096];
  EXPECT_EQ(Do(Op::kRead, fd.get(), 0, back, 4096), 1000);
  EXPECT_EQ(Do(Op::kRead, fd.get(), 990, back, 4096), 10);
  EXPECT_EQ(Do(Op::kRead, fd.get(), 1000, back, 4096), 0);
  EXPECT_EQ(Do(Op::kRead, fd.get(), 5000, back, 4096), 0);
  EXPECT_EQ(Do(Op::kRead, fd.get(), 0, back, 0), 0);
}

// A file of /proc gives less than a page at a time.
TEST(PerformTest, ContinuesAfterShortReadsOfAFile) {
  const Fd fd(open("/proc/kallsyms", O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) GTEST_SKIP() << "/proc/kallsyms cannot be opened";
  std::string text(100000, '\0');
  const ssize_t once = pread(fd.get(), text.data(), text.size(), 0);
  if (once <= 0 || once == 100000) GTEST_SKIP() << once << " bytes at once";
  EXPECT_EQ(Do(Op::kRead, fd.get(), 0, text.data(), text.size()), 100000);
}

TEST(PerformTest, ADirectReadEndsAtAnUnalignedEnd) {
  const Scratch scratch;
  const std::string text = Pattern(5000);
  const Fd fd(open(scratch.NewFile("data", text).c_str(),
                   O_RDWR | O_DIRECT | O_CLOEXEC));
  if (fd.get() < 0) GTEST_SKIP() << "no O_DIRECT in " << scratch.Path("");
  alignas(4096) char back[8192];
  EXPECT_EQ(Do(Op::kRead, fd.get(), 0, back, 8192), 5000);
  EXPECT_EQ(std::string(back, 5000), text);
  EXPECT_EQ(Do(Op::kRead, fd.get(), 4096, back, 4096), 904);
}

// A pipe stands in for a file that answers a direct read in two parts.
TEST(PerformTest, AShortDirectReadIsReadOnUnlessTheFileEndsThere) {
  const Pipe pipe(O_NONBLOCK);
  char back[4096];
  Transfer t =
      NewTransfer(Op::kRead, pipe.read_end.get(), kFilePosition, back, 4096);
  t.traits = FdTraits();
  t.traits.direct = true;
  pipe.Put(std::string(700, 'x'));
  EXPECT_EQ(Perform(&t), -EAGAIN);  // Of the second call.
  EXPECT_EQ(t.done, 700u);
}

// The file had 5000 bytes when it was read, and has 20000 now.
TEST(PerformTest, ADirectReadEndsWhereAFileEndedBeforeItGrew) {
  const ScratchFile file(Pattern(5000));
  const Fd fd = file.Open(O_RDWR | O_DIRECT);
  if (TakesAnyAlignment(fd.get())) {
    GTEST_SKIP() << "O_DIRECT takes any alignment on this file system";
  }
  alignas(4096) char back[8192];
  Transfer t = NewTransfer(Op::kRead, fd.get(), 0, back, 8192);
  t.done = 5000;
  ASSERT_EQ(ftruncate(file.fd(), 20000), 0);
  EXPECT_EQ(Perform(&t), 5000);
}

TEST(PerformTest, AReadOfAPipeReturnsTheAvailableBytes) {
  const Pipe pipe;
  pipe.Put("abc");
  char back[4096];
  EXPECT_EQ(Do(Op::kRead, pipe.read_end.get(), kFilePosition, back, 4096), 3);
}

// On a datagram socket, each recv(2) returns what one call wrote.
TEST(PerformTest, TheRestOfADirectVectorIsWrittenInWholeSectors) {
  constexpr size_t kSector = 4096;
  const SocketPair sockets(SOCK_DGRAM);
  std::string text = Pattern(30000);
  const std::vector<iovec> parts = SplitIntoIovecs(&text, 100);
  Transfer t =
      NewVectorTransfer(Op::kWritev, sockets.here.get(), kFilePosition, parts);
  t.traits.sized = t.traits.direct = true;
  t.done = kSector;
  ASSERT_EQ(Perform(&t), static_cast<int64_t>(text.size()));
  std::string written;
  std::string call(text.size(), '\0');
  while (written.size() < text.size() - kSector) {
    const ssize_t n =
        recv(sockets.there.get(), call.data(), call.size(), MSG_DONTWAIT);
    ASSERT_GT(n, 0);
    written.append(call, 0, static_cast<size_t>(n));
    EXPECT_TRUE(n % kSector == 0 || kSector + written.size() == text.size());
  }
  EXPECT_EQ(written, text.substr(kSector));
}

// Much more than fits: the writer must continue in the middle of an iovec.
TEST(PerformTest, AWriteToAPipeIsWhole) {
  Pipe pipe;
  std::string text = Pattern(pipe.Capacity() * 5 + 12345);
  std::string back;
  std::thread reader([&pipe, &back] {
    char part[3001];
    ssize_t n;
    while ((n = read(pipe.read_end.get(), part, sizeof(part))) > 0) {
      back.append(part, static_cast<size_t>(n));
    }
  });
  const std::vector<iovec> parts = SplitIntoIovecs(&text, 1000);
  Transfer vectored = NewVectorTransfer(Op::kWritev, pipe.write_end.get(),
                                        kFilePosition, parts);
  EXPECT_EQ(Perform(&vectored), static_cast<int64_t>(text.size()));
  EXPECT_EQ(Do(Op::kWrite, pipe.write_end.get(), kFilePosition, text.data(),
               text.size()),
            static_cast<int64_t>(text.size()));
  pipe.write_end.Close();
  reader.join();
  EXPECT_TRUE(back == text + text);
}

TEST(PerformTest, MoreThanIovMaxIovecsAreRefused) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  std::string text = Pattern(IOV_MAX + 1);
  std::vector<iovec> parts = SplitIntoIovecs(&text, IOV_MAX + 1);
  Transfer t = NewVectorTransfer(Op::kWritev, fd.get(), 0, parts);
  EXPECT_EQ(Perform(&t), -EINVAL);
  EXPECT_EQ(t.done, 0u);
  parts.pop_back();
  Transfer fits = NewVectorTransfer(Op::kWritev, fd.get(), 0, parts);
  EXPECT_EQ(Perform(&fits), IOV_MAX);
}

TEST(PerformTest, ErrorsAreThoseOfTheSystemCalls) {
  const Scratch scratch;
  const Pipe pipe;
  char byte = 'x';
  EXPECT_EQ(Do(Op::kRead, pipe.read_end.get(), 0, &byte, 1), -ESPIPE);
  EXPECT_EQ(Do(Op::kRead, pipe.write_end.get(), kFilePosition, &byte, 1),
            -EBADF);
  EXPECT_EQ(Do(Op::kWrite, -1, 0, &byte, 1), -EBADF);
  const Fd folder(open(scratch.Path("").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(Do(Op::kRead, folder.get(), 0, &byte, 1), -EISDIR);
  const Fd file = scratch.Open("data", "x");
  EXPECT_EQ(Do(Op::kRead, file.get(), -5, &byte, 1), -EINVAL);
  EXPECT_EQ(Do(Op::kRead, file.get(), 0, nullptr, 1), -EFAULT);
}

TEST(PerformTest, NonBlockingFdsReturnEagainAndCountWhatIsDone) {
  const Pipe pipe(O_NONBLOCK);
  char byte;
  EXPECT_EQ(Do(Op::kRead, pipe.read_end.get(), kFilePosition, &byte, 1),
            -EAGAIN);
  std::string text = Pattern(pipe.Capacity() + 1);
  Transfer t = NewTransfer(Op::kWrite, pipe.write_end.get(), kFilePosition,
                           text.data(), text.size());
  EXPECT_EQ(Perform(&t), -EAGAIN);
  EXPECT_EQ(t.done, pipe.Capacity());
}

TEST(PerformTest, DevicesReturnWhatTheirSystemCallsReturn) {
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const Fd zero(open("/dev/zero", O_RDWR | O_CLOEXEC));
  const Fd full(open("/dev/full", O_RDWR | O_CLOEXEC));
  std::string text = Pattern(5000);
  EXPECT_EQ(Do(Op::kWrite, null.get(), 0, text.data(), 5000), 5000);
  EXPECT_EQ(Do(Op::kRead, null.get(), 0, text.data(), 5000), 0);
  EXPECT_EQ(Do(Op::kWrite, full.get(), 0, text.data(), 5000), -ENOSPC);
  EXPECT_EQ(Do(Op::kRead, zero.get(), 0, text.data(), 5000), 5000);
  EXPECT_EQ(text, std::string(5000, '\0'));
}

TEST(PerformTest, AWriteThatFailsHalfWayIsAnErrorAndCountsWhatIsDone) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  std::string text = Pattern(10000);
  Transfer t = NewTransfer(Op::kWrite, fd.get(), 0, text.data(), text.size());
  int64_t result;
  {
    const FileSizeLimit limit(6000, SIG_IGN);
    result = Perform(&t);
  }
  EXPECT_EQ(result, -EFBIG);
  EXPECT_EQ(t.done, 6000u);
  EXPECT_EQ(Contents(scratch.Path("data")), text.substr(0, 6000));
}

}  // namespace
}  // namespace uasio
