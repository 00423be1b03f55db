// A write in the caller never raises SIGPIPE or SIGXFSZ in the program.

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

#include "asio/syslets/syslet.h"
#include "asio/syslets/syslet_testing.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using syslet_testing::Atom;
using syslet_testing::TestHead;
using syslet_testing::Values;

class WriteSignalsTest : public testing::Test {
 protected:
  // The result of a call in this thread.
  template <typename... Args>
  long Run(long nr, Args... args) {
    Values values;
    long result = 0;
    syslet_uatom atom =
        Atom(static_cast<unsigned long>(nr),
             {values.Of((unsigned long)(args))...}, &result, SYSLET_SYNC);
    EXPECT_EQ(syslet_exec(&atom), &atom);
    return result;
  }

  const DefaultSigpipe sigpipe_;
  TestHead head_;
  char byte_ = 'x';
  const iovec iovec_ = {&byte_, 1};
};

TEST_F(WriteSignalsTest, WhatHasNoReaderGivesEpipe) {
  Pipe broken;
  broken.read_end.Close();
  const int fd = broken.write_end.get();
  EXPECT_EQ(Run(SYS_write, fd, &byte_, 1), -EPIPE);
  EXPECT_EQ(Run(SYS_writev, fd, &iovec_, 1), -EPIPE);
  EXPECT_EQ(Run(SYS_pwritev2, fd, &iovec_, 1, -1, -1, 0), -EPIPE);
  EXPECT_EQ(Run(SYS_vmsplice, fd, &iovec_, 1, 0), -EPIPE);
  const Pipe full;
  full.Put("x");
  EXPECT_EQ(Run(SYS_splice, full.read_end.get(), 0, fd, 0, 1, 0), -EPIPE);
  EXPECT_EQ(Run(SYS_tee, full.read_end.get(), fd, 1, 0), -EPIPE);
  const ScratchFile file("x");
  EXPECT_EQ(Run(SYS_sendfile, fd, file.fd(), 0, 1), -EPIPE);
}

TEST_F(WriteSignalsTest, ASocketWhosePeerIsGoneGivesEpipe) {
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  const Fd fd(fds[0]);
  close(fds[1]);
  msghdr message = {};
  message.msg_iov = const_cast<iovec*>(&iovec_);
  message.msg_iovlen = 1;
  mmsghdr messages = {};
  messages.msg_hdr = message;
  EXPECT_EQ(Run(SYS_sendto, fd.get(), &byte_, 1, 0, 0, 0), -EPIPE);
  EXPECT_EQ(Run(SYS_sendmsg, fd.get(), &message, 0), -EPIPE);
  EXPECT_EQ(Run(SYS_sendmmsg, fd.get(), &messages, 1, 0), -EPIPE);
}

TEST_F(WriteSignalsTest, WhatIsBeyondTheSizeLimitGivesEfbig) {
  const ScratchFile file("abcd");
  const ScratchFile from("x");
  const FileSizeLimit limit(4);
  EXPECT_EQ(Run(SYS_pwrite64, file.fd(), &byte_, 1, 4), -EFBIG);
  EXPECT_EQ(Run(SYS_pwritev, file.fd(), &iovec_, 1, 4, 0), -EFBIG);
  EXPECT_EQ(Run(SYS_ftruncate, file.fd(), 5), -EFBIG);
  EXPECT_EQ(Run(SYS_truncate, file.path().c_str(), 5), -EFBIG);
  EXPECT_EQ(Run(SYS_fallocate, file.fd(), 0, 0, 5), -EFBIG);
  off_t end = 4;
  EXPECT_EQ(Run(SYS_copy_file_range, from.fd(), 0, file.fd(), &end, 1, 0),
            -EFBIG);
}

volatile std::sig_atomic_t pipes_seen = 0;

// Only the signals of writes are kept away.
TEST_F(WriteSignalsTest, ASignalThatTheSysletSendsArrives) {
  const auto before = std::signal(SIGPIPE, [](int) { pipes_seen = 1; });
  EXPECT_EQ(Run(SYS_tgkill, getpid(), gettid(), SIGPIPE), 0);
  std::signal(SIGPIPE, before);
  EXPECT_EQ(pipes_seen, 1);
}

}  // namespace
}  // namespace uasio
