// A Writer writes a file, pipe or terminal of any size as a stream of bytes, by
// direct I/O where that works, and behind you.
//
// Threads:   that of its queue, which keeps Order::kRange.
// Ownership: owns its file, or borrows one; the queue is borrowed.
// Units:     bytes.
// Blocks:    what needs a new block, while depth of them are on their way, or
//            to read the sector that it begins in; Flush() and what it is part
//            of; Size() of a file that is open for appending.  Due handlers of
//            the queue run meanwhile, so none may call them.
// Errors:    sticky.  The first one stays in status(), and all returns false.
//            That of a write-back shows when the next block is needed, and at
//            Flush(), Fsync() and Close(): only Close() has the last word.
//            That a pipe that is O_NONBLOCK is full is such an error, EAGAIN.
//
//   absl::StatusOr<Writer> out = Writer::Open("/data/log");
//   if (!out.ok()) return out.status();
//   for (const Row& row : rows) out->Write(row.text), out->PutC('\n');
//   return out->Close();
//
// After Flush() and Close() the file has exactly the bytes that were written,
// and its size is exact; until then it may end in zeros.  Others may use it in
// turn with a Writer, each up to a Flush(), another Writer, too; at the same
// time, only other sectors of it, and only if nobody makes it longer meanwhile
// but by a Writer of the same queue: Flush() and Close() cut the padding, and
// with it what has just come behind it.  Fsync() failures on a borrowed file
// are also kept in the queue's ledger.
//
// A Writer that is destroyed without Close() writes all the same, and prints
// the error, if there is one; in debug builds, it also prints that.

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
  // What becomes of a file that Open() finds.
  enum class Existing {
    kEmpty,   // It is emptied.
    kKeep,    // It is overwritten from `offset` on.
    kAppend,  // Writing goes on at its end.
    kRefuse,  // It is an error.
  };
  Existing existing = Existing::kEmpty;
  mode_t permissions = 0666;              // Of a new file.
  File::Mode mode = File::Mode::kDirect;  // Of Open().
};

class Writer {
 public:
  static absl::StatusOr<Writer> Open(const std::string& path,
                                     const WriterOptions& options = {});

  // Takes over an open file; borrows one, which must stay open until Close().
  // What is wrong with it is in status().  A direct file must be open for
  // reading, too, where something else is written than whole sectors.
  explicit Writer(File file, const StreamOptions& options = {});
  explicit Writer(const File* file, const StreamOptions& options = {});

  ~Writer();
  Writer(Writer&& other) noexcept;
  Writer& operator=(Writer&& other) noexcept;

  // Writes a byte.  False: failed, here and in the rest.
  bool PutC(char c) {
    char* const at = cursor_;
    if (__builtin_expect(at == limit_, false)) return PutInNewRoom(c);
    *at = c;           // In this order a loop is twice as fast: what a char is
    cursor_ = at + 1;  // stored to might be cursor_, as the compiler knows it.
    return true;
  }

  bool Write(absl::string_view bytes) {
    if (bytes.size() > room()) return WriteAcross(bytes);
    if (!bytes.empty()) std::memcpy(cursor_, bytes.data(), bytes.size());
    cursor_ += bytes.size();
    return true;
  }

  // The rest of the buffer, at least `bytes_min`, to be written to in place, up
  // to where Advance() goes; good until the next call.  Empty: failed.
  // REQUIRES: 0 < bytes_min <= window_max().
  absl::Span<char> Window(size_t bytes_min = 1);
  size_t window_max() const;

  // REQUIRES: bytes is at most the size of Window().
  void Advance(size_t bytes) { cursor_ += bytes; }

  // Goes on writing at `offset`; beyond the end, that leaves a hole, once
  // something is written there.  Fails without seekable().
  bool Seek(int64_t offset);
  bool SeekToEnd();

  // Where the next byte goes; without seekable(), since the beginning.
  int64_t Tell() const { return limit_offset_ - static_cast<int64_t>(room()); }

  // The size of the file, with all that was written; an error, not kept, for
  // what has none.
  absl::StatusOr<int64_t> Size();

  // Flushes, and sets the size of the file; a longer one ends in zeros.  Tell()
  // stays as it is.
  bool Truncate(int64_t size);

  // Has the file system reserve room for the first `bytes` of the file, up to
  // the next Flush(): writing beyond the end is then faster, and a full disk is
  // known now.  Does nothing where that cannot be done.  Nobody else may make
  // the file longer up to then.
  bool Preallocate(int64_t bytes);

  // Waits until all is written: everybody sees it, and the size is exact.
  absl::Status Flush();

  // The same, and has it on the disk: fsync(2).
  absl::Status Fsync();

  // Flush(), and closes a file of its own.  Returns status(), also the second
  // time.  REQUIRES, of all but this, status(), ok() and the destructor: not
  // called before.
  absl::Status Close();

  bool seekable() const;
  const File& file() const;
  Queue* queue() const;
  const absl::Status& status() const;
  bool ok() const;

 private:
  friend class internal::Copier;
  friend class WriterStreambuf;

  size_t room() const { return static_cast<size_t>(limit_ - cursor_); }
  bool MakeRoom(size_t bytes);
  bool PutInNewRoom(char c);
  bool WriteAcross(absl::string_view bytes);
  bool FinishBlock();
  void LeaveBlock(int64_t offset);
  void CheckOpen() const;

  char* cursor_ = nullptr;  // In the block in use; nullptr: there is none.
  char* limit_ = nullptr;
  int64_t limit_offset_ = 0;  // Of the file, at limit_.
  std::unique_ptr<internal::BlockWriter> core_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_WRITER_H_
