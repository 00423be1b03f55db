#include "asio/buffer.h"

#include <sys/mman.h>

namespace uasio {

Buffer Buffer::Allocate(size_t bytes) noexcept {
  Buffer buffer;
  const size_t size = RoundUp(bytes, kBufferAlignment);
  if (size < bytes) return buffer;  // RoundUp() overflowed.
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return buffer;
  madvise(data, size, MADV_DONTFORK);
  buffer.data_ = static_cast<char*>(data);
  buffer.size_ = size;
  return buffer;
}

// In a forked child something else may have the addresses.
void Buffer::Free() {
  if (data_ != nullptr && owner_.IsThisProcess()) munmap(data_, size_);
}

}  // namespace uasio
