// Makes transfers, for tests of Perform() and PerformNonBlocking().

#ifndef UASIO_ASIO_TESTING_TRANSFER_H_
#define UASIO_ASIO_TESTING_TRANSFER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "asio/syscalls/transfer.h"

namespace uasio {

inline Transfer NewTransfer(Op op, int fd, int64_t offset, char* buffer,
                            size_t length) {
  Transfer t;
  t.op = op;
  t.traits = GetFdTraits(fd);
  t.fd = fd;
  t.offset = offset;
  t.buffer = buffer;
  t.length = length;
  return t;
}

inline Transfer NewVectorTransfer(Op op, int fd, int64_t offset,
                                  const std::vector<iovec>& iovecs) {
  size_t length = 0;
  for (const iovec& part : iovecs) length += part.iov_len;
  Transfer t = NewTransfer(op, fd, offset, nullptr, length);
  t.iovecs = iovecs.data();
  t.iovec_count = static_cast<int>(iovecs.size());
  return t;
}

// `text` as `count` iovecs of about equal size.
inline std::vector<iovec> SplitIntoIovecs(std::string* text, size_t count) {
  std::vector<iovec> parts;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = text->size() * i / count;
    const size_t end = text->size() * (i + 1) / count;
    parts.push_back({text->data() + begin, end - begin});
  }
  return parts;
}

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_TRANSFER_H_
