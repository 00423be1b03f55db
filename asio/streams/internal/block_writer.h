// BlockWriter carries the blocks of a Writer to a file, several at a time, and
// sees to it that files written in whole sectors hold exactly what was written.
//
// Threads:   the queue's.
// Ownership: the block in use is lent from Open() to Finish().
// Units:     bytes; blocks begin at multiples of alignment().
// Blocks:    Open(), Finish(), Renew(), Write(), Settle(), Sync(), Truncate(),
//            TrueSize(), Close(); for their own write-backs, and for the
//            sectors that they read.
// Errors:    kept in status().
//
// On a direct file a block is written in whole sectors.  What the file has in
// the first one before the written part, and in the last one behind it, is read
// before; behind the end of the file there are zeros, cut off by Settle().
//
//     0                    hi
//     |oooooXXX|XXXXXXXX|XXXnnnnn|       X written, o read by Open(),
//     sector   |        |        |       n read, or zeroed, by Finish()

#ifndef UASIO_ASIO_STREAMS_INTERNAL_BLOCK_WRITER_H_
#define UASIO_ASIO_STREAMS_INTERNAL_BLOCK_WRITER_H_

#include <cstddef>
#include <cstdint>

#include "asio/buffer.h"
#include "asio/streams/internal/stream.h"

namespace uasio::internal {

class BlockWriter final : public Stream {
 public:
  BlockWriter(File file, const File* borrowed, const StreamOptions& options);
  ~BlockWriter();

  // Takes a block into use that has the byte at `position`, and goes on there.
  // False: it has failed.
  // REQUIRES: none is in use.
  bool Open(int64_t position);

  // The block in use: where writing goes on, where it must stop, and which
  // byte of the file that would be.
  bool in_use() const { return request_ != nullptr; }
  char* cursor() const { return request_->buffer + from_; }
  char* limit() const { return request_->buffer + block_bytes(); }
  int64_t limit_offset() const {
    return offset_ + static_cast<int64_t>(block_bytes());
  }

  // Goes on at `position` in the block in use, having come to `cursor`.  False:
  // what lies between is not known.
  bool MoveTo(int64_t position, const char* cursor);

  // Writes the block back, having come to `cursor`; then none is in use.
  bool Finish(const char* cursor);

  // The same, and goes on at the front of a new block: behind what its sector
  // has already.
  bool Renew(const char* cursor);

  // Gives the block in use up, and what is in it.
  void Discard();

  // Writes `bytes` at `position` from `data` in the buffer of `request`, which
  // it takes, if Accepts() says that they can be written as they are.
  // REQUIRES: the request is of this queue; no block is in use.
  bool Write(Request* request, char* data, size_t bytes, int64_t position);
  bool Accepts(const char* data, size_t bytes, int64_t position) const;

  // Waits for all write-backs, and gives the file its true size.
  // REQUIRES, of this, Sync() and Truncate(): no block is in use.
  bool Settle();

  // The same, and fsync(2).
  bool Sync();

  // The same as Settle(), and sets the size.
  bool Truncate(int64_t size);

  // Has the file system reserve the first `bytes`, until the next Settle().
  bool Preallocate(int64_t bytes);

  // With what is on its way, and what of the block in use was seen by MoveTo().
  // Without seekable() it waits for the former.
  absl::StatusOr<int64_t> TrueSize();

  // Gives a block in use up, settles, also after an error, and closes the file,
  // if it is owned; having come to `position`.
  void Close(int64_t position);

 private:
  void Note(const char* cursor);
  void LearnSize();
  absl::StatusOr<int64_t> AppendedSize();
  bool ReadSector(int64_t offset, char* to);
  bool FillLastSector();
  bool SendUpTo(size_t end);
  bool WaitForRoom();
  bool Perform(Request* request);
  void CutPadding();
  static void HandleWrite(Request* request);
  static void HandleOther(Request* request);

  // The block in use.  From 0 to known_, and to hi_, it has what the file is to
  // have.
  Request* request_ = nullptr;
  int64_t offset_ = 0;  // Of its first byte.
  size_t from_ = 0;     // Where writing went on.
  size_t hi_ = 0;     // So far it is to be written; 0: nothing is written yet.
  size_t known_ = 0;  // What Open() has read.

  // How long what was written since Settle(), with its padding, may have made
  // the file; 0: nothing was.
  int64_t reach_ = 0;
  int64_t size_ = 0;  // The true one, with what is on its way.
  bool other_done_ = false;
  Buffer sector_;  // For what is read of the last one, or kept for a new block.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_STREAMS_INTERNAL_BLOCK_WRITER_H_
