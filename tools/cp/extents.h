// The parts of a file that hold data, in order, as a source of blocks to read.
//
// Threads:   one.
// Ownership: the fd is borrowed; its file position moves where the file system
//            tells of holes.
// Units:     bytes; blocks begin on multiples of kBufferAlignment.
// Errors:    none: where the file system does not tell of holes, all is data.

#ifndef UASIO_TOOLS_CP_EXTENTS_H_
#define UASIO_TOOLS_CP_EXTENTS_H_

#include <cstdint>

namespace uasio {

struct Extent {
  int64_t begin;
  int64_t end;
  bool empty() const { return begin >= end; }
};

// Instead of an fd: all is data.
inline constexpr int kNoHoles = -1;

class DataBlocks {
 public:
  // Of the first `size` bytes of the file.
  DataBlocks(int fd, int64_t size) : fd_(fd), size_(size) {}

  // The next block, of at most `block_bytes` (a multiple of kBufferAlignment);
  // empty when there are no more.
  Extent Next(int64_t block_bytes);

 private:
  void FindData();

  const int fd_;
  const int64_t size_;
  Extent data_ = {0, 0};
};

}  // namespace uasio

#endif  // UASIO_TOOLS_CP_EXTENTS_H_
