// BlockReader brings the blocks of a file to a Reader, the next ones before
// they are asked for.
//
// Threads:   the queue's.
// Ownership: a block is lent until the next call.
// Units:     bytes; blocks begin at multiples of alignment().
// Blocks:    MoveTo(), Close().
// Errors:    kept in status(), when the reader comes to where it failed.
//
// After a jump one block is read; then twice as many as the last time, up to
// depth.  At the end of the file nothing is kept, so that what comes later is
// seen when it is asked for.

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
    int64_t offset = 0;  // Of begin.
    char* begin = nullptr;
    char* end = nullptr;
  };

  BlockReader(File file, const File* borrowed, const StreamOptions& options);
  ~BlockReader() override;

  // Makes the block that has the byte at `position` the current one, waiting
  // for it.  False: that is at or beyond the end of the file; or it has failed.
  // REQUIRES: without seekable(), `position` is the end of the current block.
  bool MoveTo(int64_t position);

  // The current block; empty if there is none.
  const View& view() const { return view_; }

  // Gives the current block up, with the request whose buffer it is in.
  // REQUIRES: view() is not empty.
  Request* TakeCurrent();

  // Nothing is in flight afterwards, and the file closed, if it is owned;
  // `position` is where the reader stands.
  void Close(int64_t position);

 private:
  struct Block {
    BlockReader* owner;
    Request* request;
    int64_t offset;
    bool done;
    bool dropped;  // Its handler puts it.
    std::list<Block>::iterator self;

    int64_t end() const;
    bool Has(int64_t position) const;
  };

  bool Restart(int64_t position);
  bool StartBlock(Request* request);
  void ReadOn();
  bool Present(int64_t position);
  void Drop(Block* block);
  void DropAll();
  static void HandleRead(Request* request);

  size_t spare() const override;
  void GiveBackOne() override;

  std::list<Block> blocks_;  // In the order of their offsets.
  std::list<Block> dropped_;
  View view_;          // Of blocks_.front().
  int64_t next_ = 0;   // Where the next block begins.
  int64_t size_ = 0;   // Of the file, as far as was seen; where to stop.
  size_t window_ = 1;  // How many blocks may be in blocks_.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_STREAMS_INTERNAL_BLOCK_READER_H_
