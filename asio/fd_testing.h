// What tests of I/O need: fds that close themselves, or are not to be had, a
// folder of their own, whole files, and to know when a thread is blocked in a
// system call.

#ifndef UASIO_ASIO_FD_TESTING_H_
#define UASIO_ASIO_FD_TESTING_H_

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace uasio {
namespace fd_testing {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
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
    EXPECT_EQ(pipe2(fds, flags | O_CLOEXEC), 0);
    read_end = Fd(fds[0]);
    write_end = Fd(fds[1]);
  }

  // How many bytes wait in it.
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

// How many fds the process may have, for a while.
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

// A new folder in `parent`, or where tests may write; gone with the object.
class Scratch {
 public:
  explicit Scratch(std::string parent = "") {
    if (parent.empty()) parent = testing::TempDir();
    std::string name = parent + "/uasio_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr) << name;
    folder_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string Path(const std::string& name) const {
    return folder_ + "/" + name;
  }

  // The path of a new file with these contents.
  std::string NewFile(const std::string& name,
                      const std::string& contents = "") const {
    std::ofstream(Path(name), std::ios::binary) << contents;
    return Path(name);
  }

  // A new file, open for reading and writing.
  Fd Open(const std::string& name, const std::string& contents = "",
          int flags = 0) const {
    Fd fd(open(NewFile(name, contents).c_str(), O_RDWR | O_CLOEXEC | flags));
    EXPECT_GE(fd.get(), 0) << Path(name);
    return fd;
  }

 private:
  std::string folder_;
};

// Whether a file open with O_DIRECT may be read from anywhere to anywhere, as
// on tmpfs.
inline bool TakesAnyAlignment(int direct_fd) {
  char bytes[512];
  return pread(direct_fd, bytes, sizeof(bytes), /*offset=*/1) >= 0;
}

inline std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

// `bytes` of text in which no two nearby places look the same.
inline std::string Pattern(size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) {
    text[i] = static_cast<char>('a' + (i * 31 + i / 253) % 26);
  }
  return text;
}

// Tells what a thread of this process is doing, from /proc.
class ThreadProbe {
 public:
  explicit ThreadProbe(pid_t tid)
      : file_(open(
            ("/proc/self/task/" + std::to_string(tid) + "/syscall").c_str(),
            O_RDONLY | O_CLOEXEC)) {}

  // Spins until the thread is blocked in the system call `number`, and not
  // with the arguments `*seen`, if given, which is set to those it has now.
  // False: it has ended, or /proc does not tell here.
  bool WaitUntilBlockedIn(long number, std::string* seen = nullptr) const {
    const std::string wanted = std::to_string(number) + " ";
    while (true) {
      char line[256];
      const ssize_t n = pread(file_.get(), line, sizeof(line), 0);
      if (n <= 0) return false;
      std::string words(line, static_cast<size_t>(n));
      if (words.compare(0, wanted.size(), wanted) == 0) {
        if (seen == nullptr) return true;
        if (words != std::exchange(*seen, words)) return true;
      }
      sched_yield();
    }
  }

 private:
  const Fd file_;
};

}  // namespace fd_testing
}  // namespace uasio

#endif  // UASIO_ASIO_FD_TESTING_H_
