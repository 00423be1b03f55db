// Files and folders that are removed with the test, what stands in files, and
// a limit on their size.

#ifndef UASIO_ASIO_TESTING_SCRATCH_H_
#define UASIO_ASIO_TESTING_SCRATCH_H_

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "asio/testing/fd.h"
#include "gtest/gtest.h"

namespace uasio {

// Where tests may write.
inline std::string ScratchFolder() {
  const char* folder = std::getenv("TEST_TMPDIR");
  return folder != nullptr ? folder : "/tmp";
}

// A new folder in `parent`, or where tests may write.
class Scratch {
 public:
  explicit Scratch(const std::string& parent = "")
      : folder_((parent.empty() ? ScratchFolder() : parent) + "/uasio_XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr)
        << folder_ << ": " << std::strerror(errno);
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

inline std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

// A new file that holds `contents`.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& contents = "")
      : path_(scratch_.NewFile("file", contents)), fd_(Open(O_RDWR)) {}

  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }  // Opened with O_RDWR.

  // Another fd of it.
  Fd Open(int flags) const {
    Fd fd(open(path_.c_str(), flags | O_CLOEXEC));
    EXPECT_GE(fd.get(), 0) << path_ << ": " << std::strerror(errno);
    return fd;
  }

  std::string Contents() const { return uasio::Contents(path_); }

 private:
  const Scratch scratch_;
  const std::string path_;
  const Fd fd_;
};

// Whether a file open with O_DIRECT may be read from anywhere to anywhere, as
// on tmpfs.
inline bool TakesAnyAlignment(int direct_fd) {
  char bytes[512];
  return pread(direct_fd, bytes, sizeof(bytes), /*offset=*/1) >= 0;
}

// `bytes` of text in which no two nearby places look the same.
inline std::string Pattern(size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) {
    text[i] = static_cast<char>('a' + (i * 31 + i / 253) % 26);
  }
  return text;
}

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

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_SCRATCH_H_
