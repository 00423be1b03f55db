// Doorbells are the eventfds that a context signals when requests complete
// (IOCB_FLAG_RESFD).
//
// Threads:   the caller serialises.
// Ownership: a doorbell owns a duplicate of the eventfd, so the client may
//            close the original.  All requests in flight that name the same
//            eventfd share a doorbell.
// Blocks:    never, as in the kernel: an eventfd at its limit is not signalled.
// Errors:    Acquire() returns errnos.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_DOORBELL_H_
#define UASIO_ASIO_COMPAT_LIBAIO_DOORBELL_H_

#include <cstddef>
#include <cstdint>

#include "clists/clist.h"

namespace uasio {
namespace libaio {

struct Doorbell {
  int fd;  // The duplicate.
  bool nonblocking;
  size_t users;
  int64_t id;  // The kernel's number of the eventfd; -1: not read yet.
  Cnode node;
};

class Doorbells {
 public:
  Doorbells() = default;
  // REQUIRES: all doorbells are released.
  ~Doorbells() = default;
  Doorbells(const Doorbells&) = delete;
  Doorbells& operator=(const Doorbells&) = delete;

  // Finds or makes the doorbell of the client's eventfd `fd`.  Returns:
  // - 0: `*bell` is set; the caller must Release() it;
  // - EBADF: `fd` is not open;
  // - EINVAL: `fd` is not an eventfd;
  // - EAGAIN: no descriptor or no memory is left.
  int Acquire(int fd, Doorbell** bell);

  void Ring(const Doorbell& bell) const;
  void Release(Doorbell* bell);

 private:
  Clist<Doorbell, &Doorbell::node> bells_;
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_DOORBELL_H_
