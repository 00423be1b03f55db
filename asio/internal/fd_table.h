// FdTable is what a queue knows of the fds that it works on: what they are
// like, and the order of what is in flight on them.
//
// Threads:   one at a time.
// Ownership: a Descriptor lives from the first request in flight on its fd to
//            the last, so that a reused number starts clean.
// Cost:      two system calls (fcntl, and fstat or statx) for an fd that has
//            nothing in flight; else a hash look-up.

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
  FileOrder order;
};

class FdTable {
 public:
  // Counts one request more in flight on `fd`.
  Descriptor* Acquire(int fd) {
    std::unique_ptr<Descriptor>& descriptor = by_fd_[fd];
    if (descriptor == nullptr) descriptor = std::make_unique<Descriptor>(fd);
    ++descriptor->in_flight;
    return descriptor.get();
  }

  // Counts one less, and forgets the fd with the last.
  void Release(Descriptor* descriptor) {
    if (--descriptor->in_flight == 0) by_fd_.erase(descriptor->fd);
  }

  bool IsInFlight(int fd) const { return by_fd_.contains(fd); }

 private:
  absl::flat_hash_map<int, std::unique_ptr<Descriptor>> by_fd_;
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_FD_TABLE_H_
