// BlockReader reads the blocks of a file for a Reader, with read-ahead.
//
// Threads:   the queue's.
// Ownership: the current block is lent until the next call.
// Units:     bytes; blocks begin at multiples of alignment().
// Blocks:    MoveTo(), Close().
// Errors:    kept in status() once MoveTo() reaches the block that failed.
//
// After a jump one block is read.  Then the read-ahead doubles from block to
// block, up to depth.  At the end of file no block is kept, so that the next
// MoveTo() sees what the file has grown by.

#ifndef UASIO_ASIO_STREAMS_INTERNAL_BLOCK_READER_H_
#define UASIO_ASIO_STREAMS_INTERNAL_BLOCK_READER_H_

#include <cstddef>
#include <cstdint>
#include <list>

#include "asio/streams/internal/stream.h"

namespace uasio::internal {

class BlockReader final : public Stream, private Reclaimable {
 public:
  // A part of the file in memory.
  struct View {
    int64_t offset = 0;  // The file offset of begin.
    char* begin = nullptr;
    char* end = nullptr;
  };

  // Reads up to the file offset `end`, or to the end of file.
  BlockReader(File file, const File* borrowed, const StreamOptions& options,
              int64_t end);
  ~BlockReader() override;

  // Makes the block of the byte at `position` the current one, and waits for
  // it.  Returns:
  //   true                  view() has the byte
  //   false and ok()        `position` is at or beyond the end of file or end()
  //   false and not ok()    failed
  // REQUIRES: without seekable(), `position` is the end of the current block.
  bool MoveTo(int64_t position);

  int64_t end() const { return end_; }

  // The current block, as far as it is before end(); empty if there is none.
  const View& view() const { return view_; }

  // The byte before `position`, if MoveTo(position) left the block that ended
  // there; else nullptr.
  char* ByteBefore(int64_t position) {
    return position > 0 && position == kept_end_ ? &kept_byte_ : nullptr;
  }

  // Gives the current block to the caller, with the request that holds it.
  // REQUIRES: view() is not empty.
  Request* TakeCurrent();

  // Cancels what is in flight and waits for it, then closes the file if it is
  // owned.  `position` is where the reader has stopped.
  void Close(int64_t position);

 private:
  struct Block {
    BlockReader* owner;
    Request* request;
    int64_t offset;
    bool done;
    bool dropped;  // In dropped_: HandleRead() puts the request.
    std::list<Block>::iterator self;

    // Where the bytes that were read end; while in flight, where they may end.
    int64_t end() const;
    bool Has(int64_t position) const;
  };

  void KeepByteBefore(int64_t position);
  bool ReadBlockAt(int64_t position);
  bool ReserveBlock();
  size_t NextLength() const;
  void SubmitBlock(Request* request, bool waits = false);
  void ReadAhead();
  bool WaitForFront(int64_t position);
  void Drop(Block* block);
  void DropAll();
  static void HandleRead(Request* request) noexcept;

  size_t spare_requests() const override;
  void ReleaseOne() override;

  const int64_t end_;
  std::list<Block> blocks_;   // In the order of their offsets.
  std::list<Block> dropped_;  // In flight, but no longer needed.
  std::list<Block> spare_;    // For the next SubmitBlock(); at most one.
  View view_;                 // Of blocks_.front().
  char kept_byte_ = '\0';     // The last byte of an earlier block.
  int64_t kept_end_ = 0;      // The file offset behind it; 0: there is none.
  int64_t next_offset_ = 0;   // Of the block to submit next.
  int64_t size_ = 0;          // Of the file, as last seen; -1: it has none.
  size_t window_blocks_ = 1;  // How many may be in blocks_.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_STREAMS_INTERNAL_BLOCK_READER_H_
