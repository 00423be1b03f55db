// An FdTable holds, for each fd with requests in flight, its traits and the
// order of those requests.
//
// Threads:   one at a time.
// Ownership: a Descriptor lives from the first request in flight on its fd to
//            the last, so that a reused number starts clean.
// Cost:      Acquire() makes two system calls (fcntl, and fstat or statx) if
//            nothing is in flight on the fd; else a hash look-up.

#ifndef UASIO_ASIO_INTERNAL_FD_TABLE_H_
#define UASIO_ASIO_INTERNAL_FD_TABLE_H_

#include <cstddef>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "asio/internal/order.h"
#include "asio/syscalls/transfer.h"

namespace uasio::internal {

struct Descriptor {
  explicit Descriptor(int number) : fd(number), traits(GetFdTraits(number)) {}

  const int fd;
  const FdTraits traits;
  size_t in_flight = 0;
  FileOrder order;  // Of all requests on an fd with a size; else of writes.
  FileOrder reads;  // Of reads on an fd without a size.
};

class FdTable {
 public:
  // Counts one more request in flight on `fd`.
  Descriptor* Acquire(int fd) {
    std::unique_ptr<Descriptor>& descriptor = by_fd_[fd];
    if (descriptor == nullptr) descriptor = std::make_unique<Descriptor>(fd);
    ++descriptor->in_flight;
    return descriptor.get();
  }

  // Counts one less; the last one destroys the Descriptor.
  void Release(Descriptor* descriptor) {
    if (--descriptor->in_flight == 0) by_fd_.erase(descriptor->fd);
  }

  bool IsInFlight(int fd) const { return by_fd_.contains(fd); }

 private:
  absl::flat_hash_map<int, std::unique_ptr<Descriptor>> by_fd_;
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_FD_TABLE_H_
