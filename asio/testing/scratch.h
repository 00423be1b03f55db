// Temporary files and folders, the contents of files, and a limit on the size
// of files.

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

// The folder that tests may write to.
inline std::string ScratchFolder() {
  const char* folder = std::getenv("TEST_TMPDIR");
  return folder != nullptr ? folder : "/tmp";
}

// A new folder in `parent`, removed by the destructor.
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

  // Makes a file with these contents, and returns its path.
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

// A new file with `contents`, removed by the destructor.
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

// Whether a file open with O_DIRECT accepts any offset, length and address, as
// on tmpfs.
inline bool TakesAnyAlignment(int direct_fd) {
  char bytes[512];
  return pread(direct_fd, bytes, sizeof(bytes), /*offset=*/1) >= 0;
}

// `bytes` of text in which nearby places differ.
inline std::string Pattern(size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) {
    text[i] = static_cast<char>('a' + (i * 31 + i / 253) % 26);
  }
  return text;
}

// During its lifetime, this process cannot write to a file beyond `bytes`: such
// writes are short or give EFBIG.  Calls `handler` for SIGXFSZ.  The default
// action ends the process, unless whoever writes has blocked the signal.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(size_t bytes, void (*handler)(int) = SIG_DFL)
      : handler_before_(std::signal(SIGXFSZ, handler)) {
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
