// A File is an open file, with O_DIRECT where that works.
//
// Threads:   const functions: any; the others: one at a time.
// Ownership: the File owns its fd, until Close(), Release() or destruction.
// Units:     bytes; see alignment().
// Blocks:    Open() and Close() do, as open(2) and close(2).
// Errors:    absl::Status with the path and the reason.
//
//   absl::StatusOr<File> file = File::Open("/data/log", O_RDONLY);
//   if (!file.ok()) return file.status();
//   request->fd = file->fd();
//
// A direct file is written in multiples of its alignment; one that is to have
// another size is written beyond its end, and cut by ftruncate(2) after Sync(),
// as in tools/cp/copy.cc.  No fd may be closed while requests are in flight on
// it: declare Files before the Queue, and close them by Queue::Close().

#ifndef UASIO_ASIO_FILE_H_
#define UASIO_ASIO_FILE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace uasio {

// What addresses, and what offsets and lengths, must be multiples of.
struct Alignment {
  size_t memory_bytes = 1;
  size_t offset_bytes = 1;
};

// What direct I/O on `fd` asks for, as statx(2) tells: 0 and 0 where it knows
// that there is no direct I/O, kBufferAlignment where it does not say.  On FUSE
// 0 and 0, unless it tells.
Alignment DirectAlignment(int fd);

class File {
 public:
  enum class Mode {
    kDirect,    // O_DIRECT, or buffered where that is refused or does not work.
    kBuffered,  // Through the page cache.
  };

  // Opens `path` as open(2) does, close-on-exec; O_DIRECT is `mode`'s matter.
  // When direct I/O is not to be had the file is open all the same, and
  // why_buffered() says why.
  static absl::StatusOr<File> Open(std::string path, int flags,
                                   mode_t permissions = 0666,
                                   Mode mode = Mode::kDirect);

  // Takes over an open fd, as it is; `name` is for messages.
  static File Adopt(int fd, std::string name);

  File() = default;
  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  const std::string& path() const { return path_; }

  // Whether its I/O is direct; if not, alignment() is 1 and 1.
  bool direct() const { return direct_; }
  Alignment alignment() const { return alignment_; }

  // Why a file opened for direct I/O is not; "" when it is.
  const std::string& why_buffered() const { return why_buffered_; }

  // The size now; an error for what has none (a pipe, a terminal).
  absl::StatusOr<int64_t> Size() const;

  // Closes it.  A queue that did I/O on it must have Forgotten the fd before;
  // see Queue::Close().
  absl::Status Close();

  // Gives the fd up to the caller.
  int Release();

 private:
  int fd_ = -1;
  std::string path_;
  bool direct_ = false;
  Alignment alignment_;
  std::string why_buffered_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_FILE_H_
