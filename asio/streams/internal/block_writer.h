// BlockWriter writes the blocks of a Writer to a file, several at a time, and
// makes sure that files written in whole sectors hold exactly what was written.
//
// Threads:   the queue's.
// Ownership: the block in use is lent from StartBlock() to FinishBlock().
// Units:     bytes; blocks begin at multiples of alignment().
// Blocks:    StartBlock(), FinishBlock(), NextBlock(), Write(), Flush(),
//            Fsync(), Truncate(), TrueSize(), Close(): for requests of this
//            stream, for a free request, and before padding is cut for requests
//            of other streams on the file.
// Errors:    kept in status().
//
// On a direct file a block is written in whole sectors.  The bytes of the file
// before the written part of the first sector, and after that of the last one,
// are read first.  Beyond the end of the file they are zeros, which Flush()
// cuts.
//
//     0                    written_end_
//     |oooooXXX|XXXXXXXX|XXXnnnnn|    X written, o read by StartBlock(),
//     sector   |        |        |    n read, or zeroed, by FinishBlock()

#ifndef UASIO_ASIO_STREAMS_INTERNAL_BLOCK_WRITER_H_
#define UASIO_ASIO_STREAMS_INTERNAL_BLOCK_WRITER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "asio/buffer.h"
#include "asio/streams/internal/stream.h"

namespace uasio::internal {

class BlockWriter final : public Stream {
 public:
  BlockWriter(File file, const File* borrowed, const StreamOptions& options);
  ~BlockWriter();

  // Takes the block of the byte at `position` into use; writing continues
  // there.  False: failed.
  // REQUIRES: no block is in use.
  bool StartBlock(int64_t position);

  // The block in use: where writing continues, where it must stop, and the file
  // offset of the latter.
  bool in_use() const { return request_ != nullptr; }
  char* cursor() const { return request_->buffer + resume_at_; }
  char* limit() const { return request_->buffer + block_bytes(); }
  int64_t limit_offset() const {
    return offset_ + static_cast<int64_t>(block_bytes());
  }

  // In this and the next ones `cursor` is where the caller has stopped writing.
  //
  // Continues at `position` in the block in use.  False: nothing is written in
  // it, or the bytes up to there are not known.
  bool MoveTo(int64_t position, const char* cursor);

  // Submits the block; then none is in use.  If the caller `waits` for it next,
  // this thread writes it if it can.
  bool FinishBlock(const char* cursor, bool waits = false);

  // The same, and takes the block into use that continues at `cursor`.  It
  // begins with the bytes that this one has before `cursor` in the same sector.
  bool NextBlock(const char* cursor);

  // Gives the block in use up, and what is in it.
  void DiscardBlock();

  // Writes `bytes` at `position` from `data`, which is in the buffer of
  // `request`, and takes the request.
  // REQUIRES: Accepts(); the request is of this queue; no block is in use.
  bool Write(Request* request, char* data, size_t bytes, int64_t position);

  // True if Write() can write these bytes in whole sectors.
  bool Accepts(const char* data, size_t bytes, int64_t position) const;

  // Waits for all blocks in flight, and gives the file its true size.
  // REQUIRES, for this, Fsync() and Truncate(): no block is in use.
  bool Flush();

  // The same, and then fsync(2), unless the file cannot be synced.
  bool Fsync();

  // The same as Flush(), and then sets the size.
  bool Truncate(int64_t size);

  // Reserves space on the disk for the first `bytes`, until the next Flush().
  bool Preallocate(int64_t bytes);

  // The size of the file, with the blocks in flight, and with the block in use
  // as far as MoveTo() has seen it.  Without seekable() it waits for the blocks
  // in flight.
  absl::StatusOr<int64_t> TrueSize();

  // Discards a block in use, flushes even after an error, and closes the file
  // if it is owned.  `position` is where the writer has stopped; if bytes
  // before it could not be written, the fd's position is left at the first of
  // these.
  void Close(int64_t position);

 private:
  void RecordCursor(const char* cursor);
  void RecordLoss(int64_t offset) { lost_at_ = std::min(lost_at_, offset); }
  bool IsPadded() const { return padded_end_ > size_; }
  void RefreshSize();
  bool LearnSize();
  absl::StatusOr<int64_t> AppendedSize();
  bool ReadSector(int64_t offset, char* to);
  bool FillLastSector();
  bool SubmitBlock(size_t end, bool waits = false);
  bool WaitForDepth();
  bool SubmitAndWait(Request* request);
  bool FsyncWithoutSize();
  int Resize(int64_t size);
  void CutPadding();
  static void HandleWrite(Request* request) noexcept;
  static void HandleReadOrFsync(Request* request) noexcept;

  // The block in use.  Up to read_end_, and up to written_end_, it has what the
  // file will have.  All are counted from the beginning of the block.
  Request* request_ = nullptr;
  int64_t offset_ = 0;        // The file offset of the block.
  size_t resume_at_ = 0;      // Where writing continues.
  size_t written_begin_ = 0;  // Where the written part begins.
  size_t written_end_ = 0;    // Where the written part ends; 0: there is none.
  size_t read_end_ = 0;       // Where the part read by StartBlock() ends.

  // The size that the file may have by what was written since Flush() and its
  // padding; 0: nothing was written.
  int64_t padded_end_ = 0;
  // The true size, with the blocks in flight.  Without sectors, and before
  // Preallocate(), only where these end.
  int64_t size_ = 0;
  int64_t lost_at_ = INT64_MAX;  // The first byte that could not be written.
  Buffer sector_;  // The last sector, as read or as kept for the next block.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_STREAMS_INTERNAL_BLOCK_WRITER_H_
