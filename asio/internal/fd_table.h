// An FdTable holds, for each fd with requests in flight or in use, its traits
// and the order of those requests.
//
// Threads:   one at a time.
// Ownership: the table owns its Descriptors.  One serves an fd from its first
//            request in flight to its last, or from Use() to Drop().  After
//            that, the number may be reused for another file.
// Cost:      Acquire() is a hash look-up.  It also makes two system calls
//            (fcntl and statx) if the fd has no Descriptor, if its traits are
//            undecided, or if nothing is in flight on a file in use that may
//            wait: that file may only have been empty.
// Errors:    none; only Reserve() and Use() allocate memory.

#ifndef UASIO_ASIO_INTERNAL_FD_TABLE_H_
#define UASIO_ASIO_INTERNAL_FD_TABLE_H_

#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#include "asio/internal/order.h"
#include "asio/syscalls/fd_users.h"
#include "asio/syscalls/transfer.h"
#include "workqueue/check.h"
#include "workqueue/free_list.h"

namespace uasio::internal {

struct Descriptor : Recyclable<Descriptor> {
  int fd = -1;
  FdTraits traits;
  size_t in_flight = 0;
  bool used = false;         // Stays until Drop().
  bool registered = false;   // The backend knows the fd; see Register().
  FdUsers* users = nullptr;  // Counts this Descriptor, for File.
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
    ReserveDescriptors(requests_max + used_);
    requests_max_ = requests_max;
  }

  // Asks for the traits of `fd` now, unless they are given, and keeps them
  // until Drop().  No effect if it is in use already, or if there is no memory.
  void Use(int fd, const FdTraits* traits = nullptr) {
    Descriptor* descriptor = *Find(fd);
    if (descriptor != nullptr && descriptor->used) return;
    try {
      ReserveDescriptors(requests_max_ + used_ + 1);
    } catch (const std::bad_alloc&) {
      return;
    }
    if (descriptor == nullptr) {
      descriptor = Add(fd, traits != nullptr ? *traits : GetFdTraits(fd));
    }
    Decide(descriptor);
    descriptor->used = true;
    ++used_;
  }

  // The same for a file with a size, and returns what it has learnt.  Others
  // may change the flags of a pipe or a terminal meanwhile.
  FileFacts UseAndDescribe(int fd) {
    FileFacts facts = GetFileFacts(fd);
    if (!facts.traits.sized) return facts;
    Use(fd, &facts.traits);
    const Descriptor* descriptor = *Find(fd);
    if (descriptor != nullptr) facts.traits = descriptor->traits;
    return facts;
  }

  // True once for each fd in use: the backend is to be told of it, and when it
  // is dropped.
  bool Register(int fd) {
    Descriptor* descriptor = *Find(fd);
    if (descriptor == nullptr || !descriptor->used) return false;
    return !std::exchange(descriptor->registered, true);
  }

  // Ends the use of `fd`, if it is in use.  True if it was registered.
  // REQUIRES: nothing is in flight on it.
  bool Drop(int fd) {
    Descriptor* descriptor = *Find(fd);
    if (descriptor == nullptr || !descriptor->used) return false;
    descriptor->used = false;
    --used_;
    const bool registered = std::exchange(descriptor->registered, false);
    Remove(descriptor);
    return registered;
  }

  // Ends the use of each fd, and calls on_drop(fd) for each that was
  // registered. REQUIRES: nothing is in flight.
  template <typename OnDrop>
  void DropAll(const OnDrop& on_drop) {
    for (Descriptor*& first : buckets_) {
      while (first != nullptr) {
        const int fd = first->fd;
        if (Drop(fd)) on_drop(fd);
      }
    }
  }

  // Counts one more request in flight on `fd`.
  // REQUIRES: with this one, no more are in flight than were reserved.
  Descriptor* Acquire(int fd) {
    Descriptor* descriptor = *Find(fd);
    if (descriptor == nullptr) {
      descriptor = Add(fd, GetFdTraits(fd));
    } else if (descriptor->traits.undecided ||
               (descriptor->in_flight == 0 && descriptor->traits.may_wait)) {
      descriptor->traits = GetFdTraits(fd);
    }
    ++descriptor->in_flight;
    return descriptor;
  }

  // Counts one request less.  Forgets the fd after the last one, unless it is
  // in use.
  void Release(Descriptor* descriptor) {
    if (--descriptor->in_flight == 0 && !descriptor->used) Remove(descriptor);
  }

  bool IsInFlight(int fd) {
    const Descriptor* descriptor = *Find(fd);
    return descriptor != nullptr && descriptor->in_flight > 0;
  }

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

  // Throws std::bad_alloc.
  void ReserveDescriptors(size_t count) {
    if (!descriptors_.Reserve(count)) throw std::bad_alloc();
    if (buckets_.size() < count) SetBuckets(2 * count);
  }

  Descriptor* Add(int fd, const FdTraits& traits) {
    Descriptor* descriptor = descriptors_.TakeIdle();
    UASIO_CHECK(descriptor != nullptr, "FdTable: nothing was reserved");
    descriptor->fd = fd;
    descriptor->traits = traits;
    descriptor->users = GetFdUsers(fd);
    if (descriptor->users != nullptr) ++*descriptor->users;
    Link(descriptor);
    return descriptor;
  }

  void Remove(Descriptor* descriptor) {
    *Find(descriptor->fd) = descriptor->next_in_bucket;
    if (descriptor->users != nullptr) --*descriptor->users;
    descriptors_.GiveBack(descriptor);
  }

  // Asks the file system, which may wait, if the traits are undecided.
  static void Decide(Descriptor* descriptor) {
    Transfer transfer;
    transfer.fd = descriptor->fd;
    transfer.traits = descriptor->traits;
    DecideTraits(&transfer);
    descriptor->traits = transfer.traits;
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

  size_t requests_max_ = 0;  // As reserved.
  size_t used_ = 0;          // Descriptors in use.
  FreeList<Descriptor> descriptors_;
  std::vector<Descriptor*> buckets_{nullptr};  // Chains, hashed by fd.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_FD_TABLE_H_
