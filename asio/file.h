// A File is an open file, with O_DIRECT where that works.
//
// Threads:   const functions: any thread; all others: one thread at a time.
// Ownership: the File owns its fd, until Close(), Release() or destruction.
// Units:     bytes; see alignment().
// Blocks:    Open() and Close() do, as open(2) and close(2).  Where statx(2)
//            does not report the alignment, Open() also reads a direct file's
//            first block, because O_DIRECT may be accepted and reads fail.
// Errors:    absl::Status with the path and the reason.
//
//   absl::StatusOr<File> file = File::Open("/data/log", O_RDONLY);
//   if (!file.ok()) return file.status();
//   queue.Submit(request->Read(*file, 0, 65536));
//
// A direct file is written in multiples of its alignment.  For a file of
// another size, write up to the next multiple, and cut the file by ftruncate(2)
// after Sync(), as tools/cp/copy.cc does.
//
// No fd may be closed while requests are in flight on it: declare Files before
// the Queue, and close them by Queue::Close().  A File that is closed, assigned
// to or destroyed while a queue of the process has requests in flight on its
// fd, or uses it, ends the program.

#ifndef UASIO_ASIO_FILE_H_
#define UASIO_ASIO_FILE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace uasio {

struct Alignment {
  size_t memory_bytes = 1;  // Addresses must be multiples of it.
  size_t offset_bytes = 1;  // So must offsets and lengths.
};

// The alignment that direct I/O on `fd` needs, by statx(2):
//   0 and 0:          the file has no direct I/O, or is on FUSE, which does not
//                     say whether it has;
//   kBufferAlignment: statx(2) does not say.
[[nodiscard]] Alignment DirectAlignment(int fd) noexcept;

class File {
 public:
  enum class Mode {
    kDirect,    // O_DIRECT, or buffered if O_DIRECT is refused or fails.
    kBuffered,  // Through the page cache.
    kAuto,      // As kDirect; but a regular file that is opened for reading
                // alone is buffered if that is faster: if it is smaller than
                // kDirectBytesMin, or in the page cache as far as samples tell.
  };

  // Smaller files are read faster through the page cache, also when they are
  // not in it; measured in docs/performance.md.
  static constexpr int64_t kDirectBytesMin = 256 << 10;

  // Opens `path` as open(2) does, close-on-exec.  `mode`, not `flags`, decides
  // about O_DIRECT.  If direct I/O is not available, the file is buffered, and
  // why_buffered() says why.
  static absl::StatusOr<File> Open(std::string path, int flags,
                                   mode_t permissions = 0666,
                                   Mode mode = Mode::kDirect);

  // Takes ownership of an open fd and leaves its flags as they are; `name` is
  // for messages; if it is empty, messages say FdWords().  A stream on it
  // begins at the fd's position; see StreamOptions::offset.
  [[nodiscard]] static File Adopt(int fd, std::string name);

  File() = default;
  ~File();
  // Assigning closes the old fd, as the destructor would.
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  // True if Adopt() made it.
  [[nodiscard]] bool adopted() const noexcept { return adopted_; }

  // Whether I/O on it is direct; if not, alignment() is 1 and 1.
  [[nodiscard]] bool direct() const noexcept { return direct_; }
  [[nodiscard]] Alignment alignment() const noexcept { return alignment_; }

  // Why a file that was opened with another mode than kBuffered is buffered;
  // else "".
  [[nodiscard]] const std::string& why_buffered() const noexcept {
    return why_buffered_;
  }

  // The size now; an error if it has none (a pipe, a terminal).
  absl::StatusOr<int64_t> Size() const;

  // Closes it.  OK if it is not open.
  // REQUIRES, also for the destructor and assignment: no queue of the process
  // has requests in flight on it, or uses it.  Each queue that did I/O on it
  // should forget the fd; see Queue::Close().
  absl::Status Close();

  // Gives the fd to the caller, who must close it; -1 if the file is not open.
  int Release() noexcept;

 private:
  friend absl::StatusOr<File> OpenTemporary(std::string folder, Mode mode);

  // Takes ownership of a new fd with these open(2) `flags`, as Open() does.
  static File Own(int fd, int flags, std::string path, Mode mode);
  void Swap(File* other);

  int fd_ = -1;
  std::string path_;
  bool adopted_ = false;
  bool direct_ = false;
  Alignment alignment_;
  std::string why_buffered_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_FILE_H_
