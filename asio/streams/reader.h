// A Reader reads a file, pipe or terminal of any size as a stream of bytes,
// with read-ahead: by direct I/O, or, if the file is small or cached, through
// the page cache (see File::Mode::kAuto).
//
// Threads:   the queue's thread.
// Ownership: owns its file, or borrows one; the queue is borrowed.
// Units:     bytes.
// Blocks:    calls that need bytes that are not in memory yet, and Close().
//            Due handlers of the queue run meanwhile, so a handler must not
//            make these calls.
// Errors:    sticky: the first one stays in status().  Calls return false both
//            after an error and at the end of file, where status() is OK.  An
//            empty O_NONBLOCK pipe is an error, EAGAIN.
//
//   absl::StatusOr<Reader> in = Reader::Open("/data/log");
//   if (!in.ok()) return in.status();
//   for (int c; (c = in->GetC()) >= 0;) ++count[c];
//   if (!in->Close().ok()) return in->status();
//
// A block that was read ahead is not read again: it has what the file had at
// that time, even if a Writer of the same queue has changed the file since.
// Each call at the end of file looks for the end again, so a Reader can follow
// a growing file.  A pipe, socket or terminal is read only when bytes are
// needed, and each read takes what is there.

#ifndef UASIO_ASIO_STREAMS_READER_H_
#define UASIO_ASIO_STREAMS_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "asio/file.h"
#include "asio/streams/options.h"

namespace uasio {

namespace internal {
class BlockReader;
class Copier;
}  // namespace internal

struct ReaderOptions : StreamOptions {
  ReaderOptions() = default;
  ReaderOptions(const StreamOptions& options) : StreamOptions(options) {}

  // Where the Reader ends, as at the end of file, if the file does not end
  // before; counted as Tell() does.  So many Readers can share one file, each
  // with a part of it.  Nothing behind it is read, but the rest of a sector.
  int64_t end = std::numeric_limits<int64_t>::max();

  File::Mode mode = File::Mode::kAuto;  // For Open().
};

class Reader {
 public:
  [[nodiscard]] static absl::StatusOr<Reader> Open(
      const std::string& path, const ReaderOptions& options = {});

  // Takes over an open file, or borrows one, which must stay open until
  // Close().  It begins at options.offset; on an adopted fd, such as standard
  // input, by default behind what others have read.  Errors are in status().
  explicit Reader(File file, const ReaderOptions& options = {});
  explicit Reader(const File* file, const ReaderOptions& options = {});

  // Calls Close().  In a forked child it only releases what is the child's;
  // every other call of the child ends it.
  ~Reader();

  // A Reader that is assigned to first lets go of its old file, as its
  // destructor would.  One that was moved from may be destroyed or assigned to.
  Reader(Reader&& other) noexcept;
  Reader& operator=(Reader&& other) noexcept;

  // Returns the next byte and moves past it:
  //   0 to 255           the byte
  //   -1 and ok()        end of file
  //   -1 and not ok()    failed
  int GetC() {
    if (__builtin_expect(cursor_ == limit_, false) && !Fill()) return -1;
    return static_cast<unsigned char>(*cursor_++);
  }

  // The same, but does not move.
  int PeekC() {
    if (cursor_ == limit_ && !Fill()) return -1;
    return static_cast<unsigned char>(*cursor_);
  }

  // Copies up to `bytes` to `to`.  Returns the number copied: less only at the
  // end of file or after an error.
  size_t Read(void* to, size_t bytes) {
    if (bytes > available()) return ReadAcross(static_cast<char*>(to), bytes);
    if (bytes > 0) std::memcpy(to, cursor_, bytes);
    cursor_ += bytes;
    return bytes;
  }

  // Sets `*line` to the next line with its newline, and moves past it.  As with
  // getline(3), only the last line of a file may lack the newline.  `*line` is
  // valid until the next call.  Returns:
  //   true                  `*line` is set
  //   false and ok()        end of file
  //   false and not ok()    failed, or the line is longer than `bytes_max`
  bool ReadLine(absl::string_view* line, size_t bytes_max, char newline = '\n');

  // Makes sure that view() has at least one byte.  Returns:
  //   true                  it has
  //   false and ok()        end of file
  //   false and not ok()    failed
  bool Pull() { return cursor_ != limit_ || Fill(); }

  // The next bytes, as far as they are in memory; valid until the next call.
  [[nodiscard]] absl::string_view view() const noexcept {
    return {cursor_, available()};
  }
  [[nodiscard]] size_t available() const noexcept {
    return static_cast<size_t>(limit_ - cursor_);
  }

  // Moves past `bytes` of view().  REQUIRES: bytes <= available().
  void Advance(size_t bytes) noexcept { cursor_ += bytes; }

  // Moves back by `bytes`, within the block.  As ungetc(3), it can always move
  // back by 1 after a byte was read, also if a peek has since met the next
  // block or the end of file.  False, with nothing changed: the block does not
  // reach back that far.  If the stream is seekable(), Seek() can go back.
  bool Unread(size_t bytes = 1);

  // Moves past `bytes`.  Returns the number skipped: less only at the end of
  // file or after an error.
  int64_t Skip(int64_t bytes);

  // Moves to `offset`, which may be at or beyond the end of file.  False:
  // failed, or not seekable(), which is an error, too.
  bool Seek(int64_t offset);

  // The offset of the next byte; without seekable(), the bytes read so far.
  [[nodiscard]] int64_t Tell() const noexcept {
    return limit_offset_ - static_cast<int64_t>(available());
  }

  // The size of the file now, or the option `end` if that is less.  An error if
  // the file has none; status() does not keep this error.
  [[nodiscard]] absl::StatusOr<int64_t> Size() const;

  // True for a regular file or block device: these have offsets.
  [[nodiscard]] bool seekable() const;
  [[nodiscard]] const File& file() const;
  [[nodiscard]] Queue* queue() const;

  [[nodiscard]] const absl::Status& status() const;
  [[nodiscard]] bool ok() const;

  // Cancels what is in flight and waits for it, then closes the file if the
  // Reader owns it.  Returns status(), also if called again.
  // REQUIRES, for all functions but this, status(), ok() and the destructor:
  // Close() has not been called.
  [[nodiscard]] absl::Status Close();

 private:
  friend class internal::Copier;
  friend class ReaderStreambuf;

  void Swap(Reader* other);
  void CheckOpen() const;
  bool Fill();
  size_t ReadAcross(char* to, size_t bytes);
  bool ReadLongLine(absl::string_view* line, size_t bytes_max, char newline);
  void LeaveBlock(int64_t offset);
  bool UnreadOverBoundary();

  char* start_ = nullptr;  // The block: start_ <= cursor_ <= limit_.
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  int64_t limit_offset_ = 0;  // The file offset of limit_.
  std::unique_ptr<internal::BlockReader> core_;
  std::string line_;  // A line that spans blocks.
};

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_READER_H_
