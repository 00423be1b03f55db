// An FdTable holds, for each fd with requests in flight, its traits and the
// order of those requests.
//
// Threads:   one at a time.
// Ownership: the table owns its Descriptors.  One serves an fd from its first
//            request in flight to its last.  After that, the number may be
//            reused for another file.
// Cost:      Acquire() makes two system calls (fcntl and statx) if nothing is
//            in flight on the fd, or its traits are undecided; else a hash
//            look-up.
// Errors:    none; only Reserve() allocates memory.

#ifndef UASIO_ASIO_INTERNAL_FD_TABLE_H_
#define UASIO_ASIO_INTERNAL_FD_TABLE_H_

#include <cstddef>
#include <new>
#include <vector>

#include "asio/internal/order.h"
#include "asio/syscalls/transfer.h"
#include "workqueue/check.h"
#include "workqueue/free_list.h"

namespace uasio::internal {

struct Descriptor : Recyclable<Descriptor> {
  int fd = -1;
  FdTraits traits;
  size_t in_flight = 0;
  FileOrder order;  // Of all requests on an fd with a size; else of writes.
  FileOrder reads;  // Of reads on an fd without a size.
  Descriptor* next_in_bucket = nullptr;

  // On an fd without a size, reads and writes do not wait for each other: a
  // read may wait for the answer to a later write.
  FileOrder* OrderOf(Op op) {
    return IsRead(op) && !traits.sized ? &reads : &order;
  }
};

class FdTable {
 public:
  // Allocates what `requests_max` requests in flight need.  Throws
  // std::bad_alloc.
  void Reserve(size_t requests_max) {
    if (!descriptors_.Reserve(requests_max)) throw std::bad_alloc();
    if (buckets_.size() < requests_max) SetBuckets(2 * requests_max);
  }

  // Counts one more request in flight on `fd`.
  // REQUIRES: with this one, no more are in flight than were reserved.
  Descriptor* Acquire(int fd) {
    Descriptor* descriptor = *Find(fd);
    if (descriptor == nullptr) {
      descriptor = Add(fd);
    } else if (descriptor->traits.undecided) {
      descriptor->traits = GetFdTraits(fd);
    }
    ++descriptor->in_flight;
    return descriptor;
  }

  // Counts one request less.  Forgets the fd after the last one.
  void Release(Descriptor* descriptor) {
    if (--descriptor->in_flight > 0) return;
    *Find(descriptor->fd) = descriptor->next_in_bucket;
    descriptors_.GiveBack(descriptor);
  }

  bool IsInFlight(int fd) { return *Find(fd) != nullptr; }

 private:
  // The link to the descriptor of `fd`, or the null link at the end of its
  // chain.
  Descriptor** Find(int fd) {
    Descriptor** link = &buckets_[static_cast<unsigned>(fd) % buckets_.size()];
    while (*link != nullptr && (*link)->fd != fd) {
      link = &(*link)->next_in_bucket;
    }
    return link;
  }

  void Link(Descriptor* descriptor) {
    descriptor->next_in_bucket = nullptr;
    *Find(descriptor->fd) = descriptor;
  }

  Descriptor* Add(int fd) {
    Descriptor* descriptor = descriptors_.TakeIdle();
    UASIO_CHECK(descriptor != nullptr, "FdTable: nothing was reserved");
    descriptor->fd = fd;
    descriptor->traits = GetFdTraits(fd);
    Link(descriptor);
    return descriptor;
  }

  void SetBuckets(size_t count) {
    std::vector<Descriptor*> old(count);
    old.swap(buckets_);
    for (Descriptor* descriptor : old) {
      while (descriptor != nullptr) {
        Descriptor* next = descriptor->next_in_bucket;
        Link(descriptor);
        descriptor = next;
      }
    }
  }

  FreeList<Descriptor> descriptors_;
  std::vector<Descriptor*> buckets_{nullptr};  // Chains, hashed by fd.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_FD_TABLE_H_
