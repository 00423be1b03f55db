// A FuseFile is a file of a FUSE file system that this process serves, in the
// private mount namespace of asio/testing/mount.h.  It answers reads as oddly
// as a real one may: short, late, or with more bytes than its size tells.
//
//   FuseOptions options;
//   options.contents = Pattern(5000);
//   options.read_bytes_max = 1000;
//   const FuseFile file(options);
//   if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
//
// Close its fds before it goes: then its requests fail with ENOTCONN.

#ifndef UASIO_ASIO_TESTING_FUSE_H_
#define UASIO_ASIO_TESTING_FUSE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "workqueue/mutex.h"

struct fuse_in_header;

namespace uasio {

struct FuseOptions {
  std::string contents;

  // Of fstat(2); -1: the size of `contents`.
  int64_t told_size = -1;

  // The longest answer to one read.
  size_t read_bytes_max = SIZE_MAX;

  // Has the kernel pass on each read as it is, also without O_DIRECT.
  bool bypasses_cache = true;

  // Reads wait for Release().
  bool holds_reads = false;

  // As /proc/kmsg: each byte is read once, at whatever offset; a read waits
  // until there are bytes, and poll(2) tells.
  bool is_log = false;
};

class FuseFile {
 public:
  explicit FuseFile(FuseOptions options);
  ~FuseFile();
  FuseFile(const FuseFile&) = delete;
  FuseFile& operator=(const FuseFile&) = delete;

  // Why it is not there; "" if it is.
  const std::string& why_not() const { return why_not_; }

  std::string path() const { return folder_.Path("file"); }

  // Adds to what the file has.
  void Append(const std::string& bytes);

  // Answers all reads, from now on.
  void Release();

 private:
  void Mount();
  void Serve();
  void Handle(const fuse_in_header& in, const char* body);
  bool MayAnswerRead() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AnswerReads() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Reply(uint64_t unique, int error, const void* data, size_t size) const;
  template <typename T>
  void Reply(const fuse_in_header& in, const T& out) const;

  struct Read {
    uint64_t offset;
    size_t length;
  };

  const Scratch folder_;
  std::string why_not_;
  Fd device_;
  std::thread server_;

  Mutex mutex_;
  FuseOptions options_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, Read> reads_ ABSL_GUARDED_BY(mutex_);  // Unanswered.
  uint64_t polled_ ABSL_GUARDED_BY(mutex_) = 0;  // The kernel's handle of poll.
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_FUSE_H_
