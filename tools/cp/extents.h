// DataBlocks returns the parts of a file that are data, in order, as blocks to
// read.
//
// Threads:   one.
// Ownership: the fd is borrowed; lseek(2) changes its file position.
// Units:     bytes; blocks begin on multiples of the sector's size.
// Errors:    none: if the file system cannot report holes, all is data.

#ifndef UASIO_TOOLS_CP_EXTENTS_H_
#define UASIO_TOOLS_CP_EXTENTS_H_

#include <cstddef>
#include <cstdint>

#include "asio/buffer.h"

namespace uasio {

struct Extent {
  int64_t begin;
  int64_t end;
  bool empty() const { return begin >= end; }
};

// Pass this instead of an fd if holes do not matter.
inline constexpr int kAllIsData = -1;

class DataBlocks {
 public:
  // Returns blocks of the first `size` bytes of the file.
  DataBlocks(int fd, int64_t size, size_t sector_bytes = kBufferAlignment)
      : fd_(fd), size_(size), sector_bytes_(sector_bytes) {}

  // Returns the next block, of at most `block_bytes` (a multiple of
  // sector's size); an empty one if there are no more.
  Extent Next(int64_t block_bytes);

 private:
  void FindData();

  const int fd_;
  const int64_t size_;
  const size_t sector_bytes_;
  Extent data_ = {0, 0};  // What Next() has not yet returned of it.
};

}  // namespace uasio

#endif  // UASIO_TOOLS_CP_EXTENTS_H_
