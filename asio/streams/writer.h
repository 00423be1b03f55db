// A Writer writes a file, pipe or terminal of any size as a stream of bytes, by
// direct I/O where that works, several blocks at a time.
//
// Threads:   the queue's thread; the queue must have Order::kRange.
// Ownership: owns its file, or borrows one; the queue is borrowed.
// Units:     bytes.
// Blocks:    calls that begin or leave a block, while depth blocks are in
//            flight, or to read a sector that is written only in part; Flush(),
//            Fsync(), Truncate(), Close(); Size() of a file that is open for
//            appending.  Due handlers of the queue run meanwhile, so a handler
//            must not make these calls.
// Errors:    sticky: the first one stays in status(), and calls return false.
//            The error of a block in flight shows when the next block is
//            needed, and at Flush(), Fsync() and Close(): only Close() tells
//            that all is well.  A full O_NONBLOCK pipe is an error, EAGAIN.
//
//   absl::StatusOr<Writer> out = Writer::Open("/data/log");
//   if (!out.ok()) return out.status();
//   for (const Row& row : rows) out->Write(row.text), out->PutC('\n');
//   return out->Close();
//
// After Flush() or Close() the file has exactly the bytes that were written,
// and its size is exact.  Before, the file may end in zeros, which Flush() and
// Close() cut: padding to a whole sector, or what Preallocate() has reserved.
//
// Others, also another Writer, may use the file
// - in turn with a Writer, which ends its turn by Flush(); or
// - at the same time in other sectors, if only Writers of the same queue make
//   the file longer: what others write behind the padding may be cut with it.
//
// Fsync() failures on a borrowed file or block device are also kept in the
// queue's ledger.
//
// The destructor of a Writer that is not closed calls Close(), and prints the
// error to stderr if there is one.  In debug builds it also prints that Close()
// is missing.  In a forked child it releases what is the child's, and writes
// nothing; every other call of the child ends it.

#ifndef UASIO_ASIO_STREAMS_WRITER_H_
#define UASIO_ASIO_STREAMS_WRITER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "asio/file.h"
#include "asio/streams/options.h"

namespace uasio {

namespace internal {
class BlockWriter;
class Copier;
}  // namespace internal

struct WriterOptions : StreamOptions {
  // What Open() does with a file that exists.
  enum class Existing {
    kEmpty,   // Empties it.
    kKeep,    // Overwrites it from `offset` on.
    kAppend,  // Continues at its end.
    kRefuse,  // Fails.
  };
  Existing existing = Existing::kEmpty;
  mode_t permissions = 0666;              // Of a new file.
  File::Mode mode = File::Mode::kDirect;  // For Open().
};

class Writer {
 public:
  [[nodiscard]] static absl::StatusOr<Writer> Open(
      const std::string& path, const WriterOptions& options = {});

  // Takes over an open file, or borrows one, which must stay open until
  // Close().  It begins at options.offset; on an adopted fd, such as standard
  // output, by default behind what others have written.  Errors are in
  // status().  A direct file must be open for reading, too, unless only whole
  // sectors are written.
  explicit Writer(File file, const StreamOptions& options = {});
  explicit Writer(const File* file, const StreamOptions& options = {});

  ~Writer();

  // A Writer that is assigned to first closes its old file, as its destructor
  // would.  One that was moved from may be destroyed or assigned to.
  Writer(Writer&& other) noexcept;
  Writer& operator=(Writer&& other) noexcept;

  // Writes a byte.  False, here and below: failed; status() keeps the error,
  // so a loop need not look.
  bool PutC(char c) {
    char* const at = cursor_;
    if (__builtin_expect(at == limit_, false)) return PutCInNewBlock(c);
    *at = c;           // Loops are twice as fast as with *cursor_++ = c: to the
    cursor_ = at + 1;  // compiler, a store to a char may change cursor_.
    return true;
  }

  bool Write(absl::string_view bytes) {
    if (bytes.size() > room()) return WriteAcross(bytes);
    if (!bytes.empty()) std::memcpy(cursor_, bytes.data(), bytes.size());
    cursor_ += bytes.size();
    return true;
  }

  // Returns the rest of the buffer, at least `bytes_min`, for the caller to
  // fill; Advance() then tells how many bytes of it to write.  Valid until the
  // next call.  Empty: failed.
  // REQUIRES: 0 < bytes_min <= window_max().
  [[nodiscard]] absl::Span<char> Window(size_t bytes_min = 1);
  [[nodiscard]] size_t window_max() const;

  // REQUIRES: bytes is at most the size of Window().
  void Advance(size_t bytes) noexcept { cursor_ += bytes; }

  // Moves to `offset`.  Beyond the end of file, the next write leaves a hole;
  // Seek() alone does not change the size.  Fails without seekable().
  bool Seek(int64_t offset);
  bool SeekToEnd();

  // The offset of the next byte; without seekable(), the bytes written so far.
  [[nodiscard]] int64_t Tell() const noexcept {
    return limit_offset_ - static_cast<int64_t>(room());
  }

  // The size of the file, with all that was written.  An error if it has none;
  // status() does not keep this error.
  [[nodiscard]] absl::StatusOr<int64_t> Size();

  // Flushes, then sets the size of the file; a file that grows ends in zeros.
  // Tell() does not change.
  bool Truncate(int64_t size);

  // Reserves space on the disk for the first `bytes` of the file, until the
  // next Flush().  Writing beyond the end is then faster, and a full disk is an
  // error now, not later.  Does nothing where the file system cannot reserve.
  // Until that Flush() nobody else may make the file longer.
  bool Preallocate(int64_t bytes);

  // Waits until all is written: all processes see it, and the size is exact.
  [[nodiscard]] absl::Status Flush();

  // The same, and then fsync(2): the data is on the disk.  Succeeds on what
  // cannot be synced: pipes, sockets, and devices that refuse it with EINVAL or
  // EROFS.
  [[nodiscard]] absl::Status Fsync();

  // Flushes, then closes the file if the Writer owns it.  Returns status(),
  // also if called again.
  // REQUIRES, for all functions but this, status(), ok() and the destructor:
  // Close() has not been called.
  [[nodiscard]] absl::Status Close();

  [[nodiscard]] bool seekable() const;
  [[nodiscard]] const File& file() const;
  [[nodiscard]] Queue* queue() const;
  [[nodiscard]] const absl::Status& status() const;
  [[nodiscard]] bool ok() const;

 private:
  friend class internal::Copier;
  friend class WriterStreambuf;

  void Swap(Writer* other);
  size_t room() const { return static_cast<size_t>(limit_ - cursor_); }
  bool MakeRoom(size_t bytes);
  bool PutCInNewBlock(char c);
  bool WriteAcross(absl::string_view bytes);
  bool FinishBlock(bool waits = false);
  void LeaveBlock(int64_t offset);
  void CheckOpen() const;

  char* cursor_ = nullptr;  // In the block in use; nullptr: none is in use.
  char* limit_ = nullptr;
  int64_t limit_offset_ = 0;  // The file offset of limit_.
  std::unique_ptr<internal::BlockWriter> core_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_WRITER_H_
