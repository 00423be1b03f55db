// A Buffer is memory for direct I/O: whole pages, aligned to a page.
//
// Threads:   any one at a time.
// Ownership: the Buffer owns its memory; it can be moved, not copied.
// Units:     bytes; data() is aligned to kBufferAlignment.
// Forks:     a forked child does not have the memory (MADV_DONTFORK): direct
//            I/O must not go on in memory that processes share.
// Errors:    Buffer::Allocate() returns an empty one if there is no memory.
//
// The memory is zero at first, and takes up RAM only once it is touched.

#ifndef UASIO_ASIO_BUFFER_H_
#define UASIO_ASIO_BUFFER_H_

#include <cstddef>
#include <utility>

#include "workqueue/owner.h"

namespace uasio {

// The alignment of every queue's buffers: enough for devices with sectors of
// 512 and of 4096 bytes.
inline constexpr size_t kBufferAlignment = 4096;

// `bytes` rounded up to a multiple of `alignment`, which is a power of two.
constexpr size_t RoundUp(size_t bytes, size_t alignment) noexcept {
  return (bytes + alignment - 1) & ~(alignment - 1);
}

class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { Free(); }

  // Assigning frees the old memory.
  Buffer(Buffer&& other) noexcept { Swap(&other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer moved(std::move(other));
    Swap(&moved);
    return *this;
  }

  // Allocates `bytes`, rounded up to whole pages.
  // REQUIRES: bytes > 0.
  [[nodiscard]] static Buffer Allocate(size_t bytes) noexcept;

  [[nodiscard]] char* data() const noexcept { return data_; }
  [[nodiscard]] size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  void Free();
  void Swap(Buffer* other) {
    std::swap(data_, other->data_);
    std::swap(size_, other->size_);
    std::swap(owner_, other->owner_);
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  Owner owner_;  // Of the memory.
};

}  // namespace uasio

#endif  // UASIO_ASIO_BUFFER_H_
