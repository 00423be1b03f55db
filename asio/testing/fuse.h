// A FuseFile is a file of a FUSE file system that a child process serves, in
// the private mount namespace of asio/testing/mount.h.  It answers reads as
// oddly as a real one may: short, late, or with more bytes than its size tells.
//
//   FuseOptions options;
//   options.contents = Pattern(5000);
//   options.read_bytes_max = 1000;
//   const FuseFile file(options);
//   if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
//
// When it goes, what still waits for the server fails with ENOTCONN.

#ifndef UASIO_ASIO_TESTING_FUSE_H_
#define UASIO_ASIO_TESTING_FUSE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"

namespace uasio {

struct FuseOptions {
  std::string contents;

  // Of fstat(2); -1: the size of `contents`.
  int64_t told_size = -1;

  // A read that begins at this offset fails with EIO; -1: none does.
  int64_t error_at = -1;

  // The longest answer to one read.
  size_t read_bytes_max = SIZE_MAX;

  // Reads wait for Release().
  bool holds_reads = false;

  // As /proc/kmsg: each byte is read once, at whatever offset; a read waits
  // until there are bytes, and poll(2) tells.
  bool is_log = false;
};

class FuseFile {
 public:
  explicit FuseFile(const FuseOptions& options);
  ~FuseFile();
  FuseFile(const FuseFile&) = delete;
  FuseFile& operator=(const FuseFile&) = delete;

  // Why it is not there; "" if it is.
  const std::string& why_not() const { return why_not_; }

  std::string path() const { return folder_.Path("file"); }

  // Adds to what the file has.
  void Append(const std::string& bytes) { Command('a' + bytes); }

  // Answers no request of any kind, until Release().
  void Mute() { Command("m"); }

  // Answers all requests, from now on.
  void Release() { Command("r"); }

  // Waits until poll(2) or epoll(7) waits for bytes of a log.
  void WaitForPoll() { Command("p"); }

 private:
  void Command(const std::string& command) const;

  const Scratch folder_;
  std::string why_not_;
  Fd commands_;
  pid_t server_ = -1;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_FUSE_H_
