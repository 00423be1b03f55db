// What tests do I/O on: files that vanish with the test, pipes, and reading
// and writing them without the library.

#ifndef UASIO_TESTS_SCRATCH_H_
#define UASIO_TESTS_SCRATCH_H_

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace uasio {

inline std::string ScratchFolder() {
  const char* folder = std::getenv("TEST_TMPDIR");
  return folder != nullptr ? folder : "/tmp";
}

// An fd that is closed with its holder.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  operator int() const { return fd_; }  // NOLINT: it stands for the number.
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

// A new file, removed at the end, that holds `contents`.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& contents = "") {
    path_ = ScratchFolder() + "/uasio_XXXXXX";
    fd_ = Fd(mkostemp(path_.data(), O_CLOEXEC));
    EXPECT_GE(fd_, 0) << path_ << ": " << std::strerror(errno);
    Write(contents);
  }
  ~ScratchFile() { unlink(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  const std::string& path() const { return path_; }
  int fd() const { return fd_; }  // Opened with O_RDWR.

  // Another fd of it.
  Fd Open(int flags) const {
    Fd fd(open(path_.c_str(), flags | O_CLOEXEC));
    EXPECT_GE(fd, 0) << path_ << ": " << std::strerror(errno);
    return fd;
  }

  std::string Contents() const {
    std::string contents;
    char buffer[64 << 10];
    ssize_t n;
    while ((n = pread(fd_, buffer, sizeof(buffer),
                      static_cast<off_t>(contents.size()))) > 0) {
      contents.append(buffer, static_cast<size_t>(n));
    }
    return contents;
  }

 private:
  void Write(const std::string& contents) {
    if (contents.empty()) return;
    EXPECT_EQ(pwrite(fd_, contents.data(), contents.size(), 0),
              static_cast<ssize_t>(contents.size()));
  }

  std::string path_;
  Fd fd_;
};

// While there is one, no file of this process can be written beyond `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(size_t bytes)
      : handler_before_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit = {bytes, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before_), 0);
    std::signal(SIGXFSZ, handler_before_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*const handler_before_)(int);
  rlimit before_;
};

struct Pipe {
  explicit Pipe(int flags = 0) {
    int fds[2] = {-1, -1};
    EXPECT_EQ(pipe2(fds, flags | O_CLOEXEC), 0) << std::strerror(errno);
    out = Fd(fds[0]);
    in = Fd(fds[1]);
  }

  void Put(const std::string& bytes) const {
    EXPECT_EQ(write(in, bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }

  Fd out;  // To be read.
  Fd in;   // To be written.
};

}  // namespace uasio

#endif  // UASIO_TESTS_SCRATCH_H_
