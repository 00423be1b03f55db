#include "tools/cp/extents.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>

namespace uasio {

Extent DataBlocks::Next(int64_t block_bytes) {
  if (data_.empty()) FindData();
  const Extent block = {data_.begin,
                        std::min(data_.begin + block_bytes, data_.end)};
  data_.begin = block.end;
  return block;
}

// Sets data_ to the next data at or after its end, extended to aligned blocks;
// to an empty extent at the end of the file.
void DataBlocks::FindData() {
  const int64_t from = data_.end;
  data_ = {from, size_};
  if (from >= size_ || fd_ == kAllIsData) return;
  const off_t begin = lseek(fd_, from, SEEK_DATA);
  if (begin < 0) {
    if (errno == ENXIO) data_ = {size_, size_};  // A hole up to the end.
    return;
  }
  const off_t end = lseek(fd_, begin, SEEK_HOLE);
  if (end < 0) return;
  const int64_t alignment = static_cast<int64_t>(sector_bytes_);
  data_.begin = std::max<int64_t>(from, begin / alignment * alignment);
  data_.end = std::min<int64_t>(size_, RoundUp(end, sector_bytes_));
}

}  // namespace uasio
