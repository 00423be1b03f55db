// Fds that close themselves, pipes, terminals, pairs of sockets, eventfds, and
// a limit on the number of fds.

#ifndef UASIO_ASIO_TESTING_FD_H_
#define UASIO_ASIO_TESTING_FD_H_

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace uasio {

// Owns an fd, and closes it.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    const int fd = std::exchange(other.fd_, -1);
    Close();
    fd_ = fd;
    return *this;
  }
  ~Fd() { Close(); }

  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  explicit Pipe(int flags = 0) {
    int fds[2] = {-1, -1};
    EXPECT_EQ(pipe2(fds, flags | O_CLOEXEC), 0) << std::strerror(errno);
    read_end = Fd(fds[0]);
    write_end = Fd(fds[1]);
  }

  // The bytes that a read would find.
  size_t Waiting() const {
    int bytes = -1;
    EXPECT_EQ(ioctl(read_end.get(), FIONREAD, &bytes), 0);
    return static_cast<size_t>(bytes);
  }
  size_t Capacity() const {
    return static_cast<size_t>(fcntl(read_end.get(), F_GETPIPE_SZ));
  }
  void Put(const std::string& bytes) const {
    EXPECT_EQ(write(write_end.get(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }

  Fd read_end;
  Fd write_end;
};

// A pseudo-terminal.
struct Terminal {
  explicit Terminal(int master_flags = 0)
      : master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | master_flags)) {
    char name[64] = "";
    if (master.get() < 0 || unlockpt(master.get()) != 0 ||
        ptsname_r(master.get(), name, sizeof(name)) != 0) {
      return;
    }
    slave = Fd(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  }

  // Why there is none, for example because no /dev/pts is mounted; "" if there
  // is one.
  std::string why_not() const {
    return slave.get() >= 0 ? "" : "no pseudo-terminal here";
  }

  Fd master;
  Fd slave;
};

// Two connected Unix sockets.
struct SocketPair {
  explicit SocketPair(int type = SOCK_STREAM) {
    int fds[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0)
        << std::strerror(errno);
    here = Fd(fds[0]);
    there = Fd(fds[1]);
  }

  Fd here;
  Fd there;
};

class EventFd {
 public:
  int fd() const { return fd_.get(); }

  // How many times it was written since the last Read().
  uint64_t Read() const {
    eventfd_t value = 0;
    return eventfd_read(fd(), &value) == 0 ? value : 0;
  }

  void WaitReadable() const {
    pollfd poll_fd = {fd(), POLLIN, 0};
    while (poll(&poll_fd, 1, -1) != 1) {
    }
  }

 private:
  const Fd fd_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
};

// SIGPIPE ends the process during its lifetime, as it does unless somebody has
// said otherwise.
class DefaultSigpipe {
 public:
  DefaultSigpipe() : before_(std::signal(SIGPIPE, SIG_DFL)) {}
  ~DefaultSigpipe() { std::signal(SIGPIPE, before_); }
  DefaultSigpipe(const DefaultSigpipe&) = delete;
  DefaultSigpipe& operator=(const DefaultSigpipe&) = delete;

 private:
  void (*const before_)(int);
};

// Limits the process to this many fds during its lifetime.
class FdLimit {
 public:
  explicit FdLimit(rlim_t fds) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit limit = {fds, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  ~FdLimit() { setrlimit(RLIMIT_NOFILE, &before_); }
  FdLimit(const FdLimit&) = delete;
  FdLimit& operator=(const FdLimit&) = delete;

 private:
  rlimit before_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_FD_H_
