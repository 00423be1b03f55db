// PerformNonBlocking(); Perform() is tested in perform_test.cc.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "asio/syscalls/perform.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "asio/testing/transfer.h"
#include "gtest/gtest.h"

static int pipes_made = 0;

extern "C" int pipe2(int ends[2], int flags) noexcept {
  ++pipes_made;
  return static_cast<int>(syscall(SYS_pipe2, ends, flags));
}

namespace uasio {
namespace {

// At the file position, as is usual for fds without a size.
Transfer NewTransfer(Op op, int fd, char* buffer, size_t length) {
  return NewTransfer(op, fd, kFilePosition, buffer, length);
}

int64_t Try(Op op, int fd, char* buffer, size_t length) {
  Transfer t = NewTransfer(op, fd, buffer, length);
  return PerformNonBlocking(&t);
}

std::string ReadAll(int fd, size_t bytes) {
  std::string text(bytes, '\0');
  const ssize_t n = read(fd, text.data(), bytes);
  text.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return text;
}

// Whether the kernel supports RWF_NOWAIT for reads of such an fd.
bool SupportsNowait(int fd) {
  char byte;
  const iovec one = {&byte, 1};
  return preadv2(fd, &one, 1, -1, RWF_NOWAIT) >= 0 || errno != EOPNOTSUPP;
}

TEST(PerformNonBlockingTest, ReadsOfAnEmptyPipeAreNotReady) {
  const Pipe pipe;
  char back[100];
  EXPECT_EQ(Try(Op::kRead, pipe.read_end.get(), back, 100), -EAGAIN);
  pipe.Put("abc");
  EXPECT_EQ(Try(Op::kRead, pipe.read_end.get(), back, 100), 3);
  EXPECT_EQ(std::string(back, 3), "abc");
  EXPECT_EQ(Try(Op::kRead, pipe.read_end.get(), back, 100), -EAGAIN);
}

TEST(PerformNonBlockingTest, AClosedPipeIsReady) {
  Pipe pipe;
  char byte;
  pipe.write_end.Close();
  EXPECT_EQ(Try(Op::kRead, pipe.read_end.get(), &byte, 1), 0);
}

// An empty FIFO; nobody has it open for writing.
Fd OpenFifo(const Scratch& scratch) {
  const std::string path = scratch.Path("fifo");
  EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
  Fd fifo(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(fcntl(fifo.get(), F_SETFL, 0), 0);
  return fifo;
}

TEST(PerformNonBlockingTest, AFifoIsReadyUntilItHasAWriter) {
  const Scratch scratch;
  const Fd fifo = OpenFifo(scratch);
  char back[100];
  EXPECT_EQ(Try(Op::kRead, fifo.get(), back, 100), 0);
  Fd writer(open(scratch.Path("fifo").c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(Try(Op::kRead, fifo.get(), back, 100), -EAGAIN);
  EXPECT_EQ(write(writer.get(), "abc", 3), 3);
  EXPECT_EQ(Try(Op::kRead, fifo.get(), back, 100), 3);
  writer.Close();
  EXPECT_EQ(Try(Op::kRead, fifo.get(), back, 100), 0);
}

// Else it might wait for ever.
TEST(PerformNonBlockingDeathTest, AFifoThatCannotBeAskedForItsWriterFails) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  const Scratch scratch;
  const Fd fifo = OpenFifo(scratch);
  const auto in_child = [&] {
    RefuseNowait();
    const FdLimit none(3);  // With 0, poll(2) fails.
    char byte;
    // Not exit(3): LeakSanitizer needs fds.
    _exit(Try(Op::kRead, fifo.get(), &byte, 1) == -EMFILE ? 0 : 1);
  };
  EXPECT_EXIT(in_child(), testing::ExitedWithCode(0), "");
}

TEST(PerformNonBlockingDeathTest, OnlyFifosAreAskedForTheirWriters) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  const auto in_child = [] {
    RefuseNowait();
    const Fd event(eventfd(0, EFD_CLOEXEC));
    char count[8];
    const int before = pipes_made;
    const bool waits = Try(Op::kRead, event.get(), count, 8) == -EAGAIN;
    std::exit(waits ? pipes_made - before : 100);
  };
  EXPECT_EXIT(in_child(), testing::ExitedWithCode(0), "");
}

TEST(PerformNonBlockingTest, AnEmptyTransferIsReady) {
  const Pipe pipe;
  EXPECT_EQ(Try(Op::kRead, pipe.read_end.get(), nullptr, 0), 0);
  EXPECT_EQ(Try(Op::kWrite, pipe.write_end.get(), nullptr, 0), 0);
  EXPECT_EQ(Try(Op::kNoOp, -1, nullptr, 0), 0);
}

// Fills the pipe or socket and empties it, until all of `text` is through.
void ExpectWriteContinues(int read_fd, Transfer write,
                          const std::string& text) {
  std::string back;
  size_t before = 0;
  while (true) {
    const int64_t result = PerformNonBlocking(&write);
    back += ReadAll(read_fd, text.size());
    if (result != -EAGAIN) {
      EXPECT_EQ(result, static_cast<int64_t>(text.size()));
      break;
    }
    ASSERT_GT(write.done, before);
    ASSERT_LT(write.done, text.size());
    before = write.done;
  }
  EXPECT_EQ(write.done, text.size());
  EXPECT_TRUE(back == text);
}

TEST(PerformNonBlockingTest,
     AFullPipeIsNotReadyAndTheWriteContinuesWhereItStopped) {
  const Pipe pipe;
  std::string text = Pattern(pipe.Capacity() * 3 + 777);
  Transfer t =
      NewTransfer(Op::kWrite, pipe.write_end.get(), text.data(), text.size());
  EXPECT_EQ(PerformNonBlocking(&t), -EAGAIN);
  EXPECT_EQ(t.done, pipe.Capacity());
  EXPECT_EQ(PerformNonBlocking(&t), -EAGAIN);
  EXPECT_EQ(t.done, pipe.Capacity());
  t.done = 0;
  ReadAll(pipe.read_end.get(), text.size());
  ExpectWriteContinues(pipe.read_end.get(), t, text);
}

TEST(PerformNonBlockingTest, VectorsContinueInTheMiddle) {
  const Pipe pipe;
  std::string text = Pattern(pipe.Capacity() * 3 + 777);
  const std::vector<iovec> parts = SplitIntoIovecs(&text, 200);
  const Transfer t = NewVectorTransfer(Op::kWritev, pipe.write_end.get(),
                                       kFilePosition, parts);
  ExpectWriteContinues(pipe.read_end.get(), t, text);
}

// The kernel may support RWF_NOWAIT for the fds of pipe(2) only.
TEST(PerformNonBlockingTest, FifosBehaveLikePipes) {
  const Scratch scratch;
  const std::string path = scratch.Path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Fd read_end(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const Fd write_end(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(fcntl(read_end.get(), F_SETFL, 0), 0);
  char byte;
  EXPECT_EQ(Try(Op::kRead, read_end.get(), &byte, 1), -EAGAIN);
  std::string text = Pattern(300001);
  ExpectWriteContinues(
      read_end.get(),
      NewTransfer(Op::kWrite, write_end.get(), text.data(), 300001), text);
}

TEST(PerformNonBlockingTest, SocketsAreNotReadyWhileEmptyOrFull) {
  const SocketPair sockets;
  char back[100];
  EXPECT_EQ(Try(Op::kRead, sockets.here.get(), back, 100), -EAGAIN);
  std::string text = Pattern(3 << 20);
  EXPECT_EQ(Try(Op::kWrite, sockets.there.get(), text.data(), 5), 5);
  EXPECT_EQ(Try(Op::kRead, sockets.here.get(), back, 100), 5);
  ExpectWriteContinues(
      sockets.here.get(),
      NewTransfer(Op::kWrite, sockets.there.get(), text.data(), text.size()),
      text);
}

TEST(PerformNonBlockingTest, AnEventFdIsNotReadyAtZero) {
  const Fd fd(eventfd(0, EFD_CLOEXEC));
  uint64_t count = 7;
  char* const bytes = reinterpret_cast<char*>(&count);
  EXPECT_EQ(Try(Op::kRead, fd.get(), bytes, 8), -EAGAIN);
  EXPECT_EQ(Try(Op::kWrite, fd.get(), bytes, 8), 8);
  EXPECT_EQ(Try(Op::kRead, fd.get(), bytes, 8), 8);
  EXPECT_EQ(count, 7u);
  EXPECT_EQ(Try(Op::kRead, fd.get(), bytes, 8), -EAGAIN);
}

TEST(PerformNonBlockingTest, AnFdWithoutNowaitIsPolledFirst) {
  const Scratch scratch;
  const Fd fd(inotify_init1(IN_CLOEXEC));
  if (SupportsNowait(fd.get())) GTEST_SKIP() << "RWF_NOWAIT works with inotify";
  ASSERT_GE(inotify_add_watch(fd.get(), scratch.Path("").c_str(), IN_CREATE),
            0);
  char event[sizeof(inotify_event) + NAME_MAX + 1];
  EXPECT_EQ(Try(Op::kRead, fd.get(), event, sizeof(event)), -EAGAIN);
  scratch.NewFile("news");
  EXPECT_GT(Try(Op::kRead, fd.get(), event, sizeof(event)), 0);
  EXPECT_EQ(Try(Op::kRead, fd.get(), event, sizeof(event)), -EAGAIN);
}

TEST(PerformNonBlockingTest, ATerminalIsNotReadyWithoutAWholeLine) {
  const Terminal terminal;
  if (!terminal.why_not().empty()) GTEST_SKIP() << terminal.why_not();
  const int slave = terminal.slave.get();
  char back[100];
  EXPECT_EQ(Try(Op::kRead, slave, back, 100), -EAGAIN);
  char line[] = "a line\n";
  EXPECT_EQ(Try(Op::kWrite, terminal.master.get(), line, 3), 3);
  EXPECT_EQ(Try(Op::kRead, slave, back, 100), -EAGAIN);  // No line yet.
  EXPECT_EQ(Try(Op::kWrite, terminal.master.get(), line + 3, 4), 4);
  EXPECT_EQ(Try(Op::kRead, slave, back, 100), 7);
  EXPECT_EQ(std::string(back, 7), line);
}

// How many write(2)s this thread has made; -1: the kernel does not count them.
int64_t WritesOfThisThread() {
  std::ifstream file("/proc/thread-self/io");
  std::string word;
  int64_t count = -1;
  while (file >> word) {
    if (word == "syscw:") file >> count;
  }
  return count;
}

// Exits with the number of calls that a write of 100,000 bytes takes, where
// RWF_NOWAIT is not supported.
[[noreturn]] void CountWrites(int fd) {
  RefuseNowait();
  std::string text(100000, 'x');
  const int64_t before = WritesOfThisThread();
  if (Try(Op::kWrite, fd, text.data(), text.size()) != 100000) std::exit(100);
  std::exit(static_cast<int>(WritesOfThisThread() - before));
}

// A driver may take each write(2) for a record.
TEST(PerformNonBlockingDeathTest, AWriteToADeviceIsOneCall) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  if (WritesOfThisThread() < 0) GTEST_SKIP() << "calls are not counted here";
  const Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  EXPECT_EXIT(CountWrites(null.get()), testing::ExitedWithCode(1), "");
}

TEST(PerformNonBlockingTest, ErrorsAreNotReportedAsNotReady) {
  const Pipe pipe;
  char byte = 'x';
  EXPECT_EQ(Try(Op::kRead, -1, &byte, 1), -EBADF);
  EXPECT_EQ(Try(Op::kRead, pipe.write_end.get(), &byte, 1), -EBADF);
  Transfer t = NewTransfer(Op::kRead, pipe.read_end.get(), &byte, 1);
  t.offset = 0;
  EXPECT_EQ(PerformNonBlocking(&t), -ESPIPE);
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(Try(Op::kWrite, full.get(), &byte, 1), -ENOSPC);
}

TEST(PerformNonBlockingTest, DevicesWithoutAnEndAreReady) {
  const Fd zero(open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  std::string text = Pattern(5000);
  EXPECT_EQ(Try(Op::kWrite, null.get(), text.data(), 5000), 5000);
  EXPECT_EQ(Try(Op::kRead, null.get(), text.data(), 5000), 0);
  EXPECT_EQ(Try(Op::kRead, zero.get(), text.data(), 5000), 5000);
  EXPECT_EQ(text, std::string(5000, '\0'));
}

}  // namespace
}  // namespace uasio
