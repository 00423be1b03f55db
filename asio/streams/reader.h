// A Reader reads a file, pipe or terminal of any size as a stream of bytes, by
// direct I/O where that works, and ahead of you.
//
// Threads:   that of its queue.
// Ownership: owns its file, or borrows one; the queue is borrowed.
// Units:     bytes.
// Blocks:    what needs bytes that are not there yet, and Close(); due handlers
//            of the queue run meanwhile.  So no handler may call them.
// Errors:    sticky.  The first one stays in status(), and what it ended
//            returns false, as the end of the file does, at which status() is
//            OK.  Of a pipe that is O_NONBLOCK, that nothing is there yet is
//            such an error, EAGAIN.
//
//   absl::StatusOr<Reader> in = Reader::Open("/data/log");
//   if (!in.ok()) return in.status();
//   for (int c; (c = in->GetC()) >= 0;) ++count[c];
//   if (!in->Close().ok()) return in->status();
//
// What is read ahead is not read again: of what others write meanwhile, also a
// Writer of the same queue, it shows what there was when it was read.  The end
// is looked for anew each time, so that a reader at the end of a growing file
// can go on.  What has no size is read when it is asked for, no sooner, and in
// the pieces in which it comes.

#ifndef UASIO_ASIO_STREAMS_READER_H_
#define UASIO_ASIO_STREAMS_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
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
  File::Mode mode = File::Mode::kDirect;  // Of Open().
};

class Reader {
 public:
  static absl::StatusOr<Reader> Open(const std::string& path,
                                     const ReaderOptions& options = {});

  // Takes over an open file; borrows one, which must stay open until Close().
  // What is wrong with it is in status().
  explicit Reader(File file, const StreamOptions& options = {});
  explicit Reader(const File* file, const StreamOptions& options = {});

  // Closes it.
  ~Reader();
  Reader(Reader&& other) noexcept;
  Reader& operator=(Reader&& other) noexcept;

  // The next byte, 0 to 255; -1: the end, or failed.
  int GetC() {
    if (__builtin_expect(cursor_ == limit_, false) && !Fill()) return -1;
    return static_cast<unsigned char>(*cursor_++);
  }

  // The same, and stays before it.
  int PeekC() {
    if (cursor_ == limit_ && !Fill()) return -1;
    return static_cast<unsigned char>(*cursor_);
  }

  // Copies up to `bytes` to `to` and returns how many: less only at the end, or
  // if it has failed.
  size_t Read(void* to, size_t bytes) {
    if (bytes > available()) return ReadAcross(static_cast<char*>(to), bytes);
    if (bytes > 0) std::memcpy(to, cursor_, bytes);
    cursor_ += bytes;
    return bytes;
  }

  // The next line, with its newline, which only the last one of a file may
  // lack, as getline(3) has it; `*line` is good until the next call.  False:
  // the end, or failed, which includes a line of more than `bytes_max`.
  bool ReadLine(absl::string_view* line, size_t bytes_max, char newline = '\n');

  // Has at least one byte in view().  False: the end, or failed.
  bool Pull() { return cursor_ != limit_ || Fill(); }

  // The next bytes, as many as are there; good until the next call.
  absl::string_view view() const { return {cursor_, available()}; }
  size_t available() const { return static_cast<size_t>(limit_ - cursor_); }

  // Goes past `bytes` of view().  REQUIRES: bytes <= available().
  void Advance(size_t bytes) { cursor_ += bytes; }

  // Goes back by `bytes`, within the block.  False: it begins after that, or
  // the end has been met, and nothing has changed; where there are offsets,
  // Seek() can do it.
  bool Unread(size_t bytes = 1);

  // Goes past `bytes` and returns how many those were: less only at the end, or
  // if it has failed.
  int64_t Skip(int64_t bytes);

  // Goes to the byte at `offset`, at or beyond the end, too.  False: failed, as
  // it does without seekable().
  bool Seek(int64_t offset);

  // The offset of the next byte; without seekable(), since the beginning.
  int64_t Tell() const {
    return limit_offset_ - static_cast<int64_t>(available());
  }

  // The size now; an error, not kept, for what has none.
  absl::StatusOr<int64_t> Size() const;

  // Whether it has offsets: a regular file, or a block device.
  bool seekable() const;
  const File& file() const;
  Queue* queue() const;

  const absl::Status& status() const;
  bool ok() const;

  // Ends what is in flight, and closes a file of its own.  Returns status(),
  // also the second time.  REQUIRES, of all but this, status(), ok() and the
  // destructor: not called before.
  absl::Status Close();

 private:
  friend class internal::Copier;
  friend class ReaderStreambuf;

  bool Fill();
  size_t ReadAcross(char* to, size_t bytes);
  bool ReadLongLine(absl::string_view* line, size_t bytes_max, char newline);
  void LeaveBlock(int64_t offset);

  char* start_ = nullptr;  // Of the block: start_ <= cursor_ <= limit_.
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  int64_t limit_offset_ = 0;  // Of the file, at limit_.
  std::unique_ptr<internal::BlockReader> core_;
  std::string line_;  // One that is in more than one block.
};

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_READER_H_
