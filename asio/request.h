// A Request is the order form of one operation: fill it in, Submit() it, read
// its result.
//
// Threads:   the one of the queue that lent it.
// Ownership: the queue's, as is the buffer that it comes with.  From Submit()
//            until it is back, the request and its memory are the backend's,
//            also after Cancel().  A lent buffer, the iovecs and what they
//            point to, and the fd must stay until then: for write-backs, until
//            Sync().
// Units:     bytes.
// Errors:    result is -errno; status() says it in words.

#ifndef UASIO_ASIO_REQUEST_H_
#define UASIO_ASIO_REQUEST_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "asio/op.h"

namespace uasio {

struct Request {
  // What to do; Get() has set it all to what stands here.
  Op op = Op::kRead;  // See asio/op.h.
  int fd = -1;
  int64_t offset = 0;             // Or kFilePosition, as for a pipe.
  char* buffer = nullptr;         // The queue's, buffer_bytes long; or lent.
  size_t length = 0;              // 0: nothing.  With iovecs: set by Submit().
  const iovec* iovecs = nullptr;  // Of readv and writev,
  int iovec_count = 0;            // at most IOV_MAX of them.
  unsigned priority = 0;          // Among what waits for a worker thread.
  void* user_data = nullptr;      // For the caller; nobody else looks at it.

  // If set, called with the finished request in the queue's thread, from
  // inside Wait(), TryWait(), WaitUntil(), WaitMany(), RunHandlers(), Sync() or
  // ~Queue(), and Wait() never returns the request.  It owns the request, as
  // after Wait(), and may submit and put, but not wait.  What it needs,
  // user_data points to.
  void (*handler)(Request* request) = nullptr;

  // What came of it: bytes, or -errno.  On an fd with a size, a read of less
  // than length has met the end of file, and a write is whole or an error.  A
  // read of a regular file that waits for bytes, as /proc/kmsg, gives what
  // there is.
  int64_t result = 0;

  // How many bytes were transferred, which an error leaves to be known.
  size_t transferred = 0;

  // What the queue has learnt of fd, for the backend.
  FdTraits traits;

  // OK, or what failed, where and why: the operation, length, offset, fd and
  // its name, the errno in words, and what is misaligned, negative, null or not
  // open for this, if that is why.  It looks at the fd, and then at the iovecs,
  // as they are now.
  absl::Status status() const;
};

}  // namespace uasio

#endif  // UASIO_ASIO_REQUEST_H_
