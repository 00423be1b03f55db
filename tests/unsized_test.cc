// The contract: "Short counts" on pipes, sockets and terminals.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class UnsizedTest : public BackendTest {
 private:
  const DefaultSigpipe sigpipe_;
};
UASIO_INSTANTIATE_BACKENDS(UnsizedTest);

TEST_P(UnsizedTest, APipeReadReturnsTheBytesInThePipe) {
  const auto queue = MakeQueue();
  Pipe pipe;
  pipe.Put("abc");
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 100);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), "abc");
  queue->Put(r);
  pipe.write_end.Close();
  r = Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 100);
  EXPECT_EQ(Finish(queue.get(), r), 0);
}

TEST_P(UnsizedTest, APipeReadWaitsForBytes) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const Pipe pipe;
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 100);
  EXPECT_EQ(queue->TryWait(), nullptr);
  pipe.Put("abc");
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), "abc");
}

TEST_P(UnsizedTest, EagainFromANonblockingFdIsAResult) {
  const auto queue = MakeQueue();
  const Pipe pipe(O_NONBLOCK);
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 100);
  EXPECT_EQ(Finish(queue.get(), r), -EAGAIN);
  std::string much(size_t{1} << 20, 'x');
  Request* w =
      Prepare(queue.get(), Op::kWrite, pipe.write_end.get(), kFilePosition);
  w->buffer = much.data(), w->length = much.size();
  queue->Submit(w);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), w);
  EXPECT_EQ(w->result, -EAGAIN);
  EXPECT_EQ(w->transferred,
            static_cast<size_t>(fcntl(pipe.write_end.get(), F_GETPIPE_SZ)));
}

// poll(2) does not report the end of such a FIFO.
TEST_P(UnsizedTest, AFifoWhoseWriterNeverWasIsAtItsEnd) {
  const Scratch scratch;
  const std::string path = scratch.Path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Fd fifo(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const auto queue = MakeQueue();
  for (const int flags : {O_NONBLOCK, 0}) {
    ASSERT_EQ(fcntl(fifo.get(), F_SETFL, flags), 0);
    Request* r = Submit(queue.get(), Op::kRead, fifo.get(), kFilePosition, 100);
    Request* back = queue->WaitUntil(TestDeadline());
    EXPECT_EQ(back, r) << "with flags " << flags;
    if (back == nullptr) return queue->Cancel(r);
    EXPECT_EQ(r->result, 0);
    queue->Put(r);
  }
}

TEST_P(UnsizedTest, AFifoReadWaitsForTheBytesOfAWriter) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const Scratch scratch;
  const std::string path = scratch.Path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Fd reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const Fd writer(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(fcntl(reader.get(), F_SETFL, 0), 0);
  const auto queue = MakeQueue();
  Request* r = Submit(queue.get(), Op::kRead, reader.get(), kFilePosition, 100);
  EXPECT_EQ(queue->TryWait(), nullptr);
  ASSERT_EQ(write(writer.get(), "abc", 3), 3);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), "abc");
}

TEST_P(UnsizedTest, SocketsAreReadAndWritten) {
  const auto queue = MakeQueue();
  const SocketPair sockets;
  Request* w = SubmitWrite(queue.get(), Op::kWrite, sockets.here.get(),
                           kFilePosition, "hello");
  EXPECT_EQ(Finish(queue.get(), w), 5);
  Request* r =
      Submit(queue.get(), Op::kRead, sockets.there.get(), kFilePosition, 100);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), "hello");
}

TEST_P(UnsizedTest, AWaitingReadOfASocketHoldsBackNoWrite) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const SocketPair sockets;
  Request* answer =
      Submit(queue.get(), Op::kRead, sockets.here.get(), kFilePosition, 100);
  Request* question = SubmitWrite(queue.get(), Op::kWrite, sockets.here.get(),
                                  kFilePosition, "hello");
  Request* back = queue->WaitUntil(TestDeadline());
  EXPECT_EQ(back, question);
  if (back == nullptr) return queue->Cancel(answer);
  char text[6] = {};
  EXPECT_EQ(read(sockets.there.get(), text, 5), 5);
  EXPECT_STREQ(text, "hello");
  ASSERT_EQ(write(sockets.there.get(), "world", 5), 5);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), answer);
  EXPECT_EQ(BytesOf(*answer), "world");
}

TEST_P(UnsizedTest, ATerminalReadReturnsALine) {
  const auto queue = MakeQueue();
  const Terminal terminal;
  if (!terminal.why_not().empty()) GTEST_SKIP() << terminal.why_not();
  ASSERT_EQ(write(terminal.master.get(), "line\n", 5), 5);
  Request* r =
      Submit(queue.get(), Op::kRead, terminal.slave.get(), kFilePosition, 100);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), "line\n");
}

TEST_P(UnsizedTest, AWriteToAPipeWithoutReadersGivesEpipe) {
  const auto queue = MakeQueue();
  Pipe pipe;
  pipe.read_end.Close();
  Request* w = SubmitWrite(queue.get(), Op::kWrite, pipe.write_end.get(),
                           kFilePosition, "x");
  EXPECT_EQ(Finish(queue.get(), w), -EPIPE);
}

TEST_P(UnsizedTest, AWriteOfNothingToAFullPipeDoesNotWait) {
  const Pipe pipe(O_NONBLOCK);
  while (write(pipe.write_end.get(), "x", 1) == 1) {
  }
  ASSERT_EQ(fcntl(pipe.write_end.get(), F_SETFL, 0), 0);
  const auto queue = MakeQueue();
  Request* w = SubmitWrite(queue.get(), Op::kWrite, pipe.write_end.get(),
                           kFilePosition, "");
  EXPECT_EQ(Finish(queue.get(), w), 0);
}

TEST_P(UnsizedTest, AnOffsetOnAPipeGivesEspipe) {
  const auto queue = MakeQueue();
  const Pipe pipe;
  Request* r = Submit(queue.get(), Op::kRead, pipe.read_end.get(), 10, 1);
  EXPECT_EQ(Finish(queue.get(), r), -ESPIPE);
}

// Writes far more than the pipe's capacity, and reads it by the same queue.
TEST_P(UnsizedTest, AWriteToASlowlyReadPipeIsWhole) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const Pipe pipe;
  std::string much;
  for (int i = 0; much.size() < size_t{1} << 20; ++i) {
    much += std::to_string(i);
  }
  Request* w =
      Prepare(queue.get(), Op::kWrite, pipe.write_end.get(), kFilePosition);
  w->buffer = much.data(), w->length = much.size();
  queue->Submit(w);
  std::string read;
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 50000);
  int64_t written = 0;
  while (read.size() < much.size()) {
    Request* back = queue->WaitUntil(TestDeadline());
    ASSERT_NE(back, nullptr);
    if (back == w) {
      written = w->result;
      continue;
    }
    read += BytesOf(*r);
    if (read.size() < much.size()) queue->Submit(r);
  }
  if (written == 0) written = Finish(queue.get(), w);
  EXPECT_EQ(written, static_cast<int64_t>(much.size()));
  EXPECT_EQ(read, much);
}

// More blocked reads than worker threads, and than depth_max.
TEST_P(UnsizedTest, AHundredBlockedPipeReadsDoNotStopFileIo) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const ScratchFile file;
  std::vector<Pipe> pipes(100);
  std::set<Request*> blocked;
  for (const Pipe& pipe : pipes) {
    blocked.insert(
        Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1));
  }
  for (int i = 0; i < 10; ++i) {
    Request* w = SubmitWrite(queue.get(), Op::kWrite, file.fd(), i, "x");
    ASSERT_EQ(Finish(queue.get(), w), 1);
  }
  pipes[50].Put("y");
  Request* ready = queue->WaitUntil(TestDeadline());
  ASSERT_EQ(blocked.erase(ready), 1u);
  EXPECT_EQ(BytesOf(*ready), "y");
  for (Request* r : blocked) queue->Cancel(r);
  while (Request* r = queue->WaitUntil(TestDeadline())) {
    EXPECT_EQ(r->result, -ECANCELED);
    EXPECT_EQ(blocked.erase(r), 1u);
  }
  EXPECT_TRUE(blocked.empty());
}

}  // namespace
}  // namespace uasio
