// Doorbells are the eventfds that requests of one context ring when they are
// done (IOCB_FLAG_RESFD).
//
// Threads:   the caller serialises.
// Ownership: a bell holds a duplicate of the eventfd, so that the client may
//            close his; one for all requests in flight that name the same.
// Blocks:    never, like the kernel: at its limit an eventfd stays as it is.
// Errors:    errnos, of Acquire().

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
  int64_t id;  // The eventfd's, as far as anybody has asked; or -1.
  Cnode node;
};

class Doorbells {
 public:
  Doorbells() = default;
  // REQUIRES: all are released.
  ~Doorbells() = default;
  Doorbells(const Doorbells&) = delete;
  Doorbells& operator=(const Doorbells&) = delete;

  // The bell of the client's eventfd `fd`.  EBADF: it is not open; EINVAL: it
  // is no eventfd; EAGAIN: there are no descriptors or no memory left.
  int Acquire(int fd, Doorbell** bell);

  void Ring(const Doorbell& bell) const;
  void Release(Doorbell* bell);

 private:
  Clist<Doorbell, &Doorbell::node> bells_;
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_DOORBELL_H_
