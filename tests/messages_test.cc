// One write on a socket with message boundaries is one message, on every
// backend, also where sockets do not support RWF_NOWAIT.

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/seccomp.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr unsigned kHangSeconds = 20;

// The lengths of the messages that wait at `fd`, which is emptied.
std::vector<ssize_t> MessagesAt(int fd) {
  std::vector<ssize_t> lengths;
  std::string text(1 << 16, 0);
  while (true) {
    const ssize_t n = recv(fd, text.data(), text.size(), MSG_DONTWAIT);
    if (n < 0) return lengths;
    lengths.push_back(n);
  }
}

class MessagesTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (GetParam().name == "fault") {
      GTEST_SKIP() << "the fault backend cuts writes, and so messages";
    }
  }

  // Writes 10,000 bytes, an empty message, a vector of two and an empty vector;
  // true: there are just four messages of these lengths.
  bool BoundariesAreKept(int type) {
    const SocketPair sockets(type);
    const auto queue = MakeQueue();
    std::string text(10000, 'x');
    iovec parts[] = {{text.data(), 5000}, {text.data(), 4000}};
    iovec empty[] = {{text.data(), 0}};
    const struct {
      Op op;
      size_t length;
      iovec* iovecs;
      int iovec_count;
    } writes[] = {{Op::kWrite, text.size(), nullptr, 0},
                  {Op::kWrite, 0, nullptr, 0},
                  {Op::kWritev, 9000, parts, 2},
                  {Op::kWritev, 0, empty, 1}};
    for (const auto& write : writes) {
      Request* w = Prepare(queue.get(), write.op, sockets.here.get(),
                           kFilePosition, write.length);
      w->iovecs = write.iovecs, w->iovec_count = write.iovec_count;
      queue->Submit(w);
      if (Finish(queue.get(), w) != static_cast<int64_t>(write.length)) {
        return false;
      }
    }
    return MessagesAt(sockets.there.get()) ==
           std::vector<ssize_t>{10000, 0, 9000, 0};
  }

  bool ReadsAMessage() {
    const SocketPair sockets(SOCK_DGRAM);
    const auto queue = MakeQueue();
    if (send(sockets.here.get(), "abc", 3, 0) != 3) return false;
    Request* r =
        Submit(queue.get(), Op::kRead, sockets.there.get(), kFilePosition, 100);
    return Finish(queue.get(), r) == 3;
  }
};
UASIO_INSTANTIATE_BACKENDS(MessagesTest);

TEST_P(MessagesTest, AWriteOnASocketIsOneMessage) {
  EXPECT_TRUE(BoundariesAreKept(SOCK_SEQPACKET));
  EXPECT_TRUE(BoundariesAreKept(SOCK_DGRAM));
  EXPECT_TRUE(BoundariesAreKept(SOCK_SEQPACKET | SOCK_NONBLOCK));
  EXPECT_TRUE(BoundariesAreKept(SOCK_DGRAM | SOCK_NONBLOCK));
}

TEST_P(MessagesTest, AWriteIsOneMessageWithoutRwfNowait) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  const auto in_child = [this] {
    alarm(kHangSeconds);
    RefuseNowait();
    if (!BoundariesAreKept(SOCK_SEQPACKET)) _exit(1);
    if (!BoundariesAreKept(SOCK_DGRAM)) _exit(2);
    if (!ReadsAMessage()) _exit(3);
    _exit(0);
  };
  EXPECT_EXIT(in_child(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace uasio
