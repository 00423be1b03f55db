// A Request is the order form of one operation: fill it in, Submit() it, read
// its result.
//
// Threads:   only the thread of the queue that lent it.
// Ownership: the queue owns the request and its buffer.  From Submit() until
//            the request comes back, the backend uses both, also after
//            Cancel(): do not change its fields.  The caller keeps the fd open,
//            and a buffer of its own, the iovecs and what they point to alive
//            until then; for write-backs, until Sync() returns.
// Units:     bytes.
// Errors:    result is -errno; status() says it in words.

#ifndef UASIO_ASIO_REQUEST_H_
#define UASIO_ASIO_REQUEST_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "asio/op.h"

namespace uasio {

class File;
class Queue;

// An argument for which an int and a File will do.  Borrows the fd.
struct FileOrFd {
  FileOrFd(int number) noexcept : fd(number) {}
  FileOrFd(const File& file) noexcept;

  int fd;
};

struct Request {
  // The caller's part.  Get() sets each field to the value that stands here,
  // and buffer to the queue's buffer.  Read(), Write() and so on, below, fill
  // them in.
  Op op = Op::kRead;  // See asio/op.h.
  int fd = -1;
  int64_t offset = 0;             // kFilePosition for a pipe.
  char* buffer = nullptr;         // The queue's, buffer_bytes long, or the
                                  // caller's own.
  size_t length = 0;              // May be 0.  Submit() sets it from iovecs.
  const iovec* iovecs = nullptr;  // For readv and writev.
  int iovec_count = 0;            // At most IOV_MAX.
  int flags = 0;                  // RWF_...; see below.
  unsigned priority = 0;          // Higher ones get a worker thread first.
  void* user_data = nullptr;      // For the caller; the queue ignores it.

  // flags are those of preadv2(2) and pwritev2(2), on every backend.  What the
  // kernel or the file system refuses fails with EOPNOTSUPP; a sync or a no-op
  // with flags fails with EINVAL.
  // - RWF_NOWAIT: what would have to wait fails with EAGAIN; `transferred` is
  //   what was done before.
  // - RWF_APPEND: as on an O_APPEND fd, also for the order.
  // - RWF_HIPRI: the workers perform it, because they can poll.

  // If set, the queue calls it with the completed request, and never returns
  // the request from Wait().  It is called in the queue's thread, from inside
  // Wait(), TryWait(), WaitFor(), WaitUntil(), WaitMany(), RunHandlers(),
  // Sync() or ~Queue().  The handler owns the request, as after Wait().  It may
  // Put(), and may Submit() except during ~Queue().  It must not wait.  It is
  // noexcept: an exception that leaves it ends the program.  user_data is where
  // it finds its own data: see SetHandler(), and Submit() with a closure.
  void (*handler)(Request* request) noexcept = nullptr;

  // Set on completion: bytes, or -errno.  On an fd with a size, a read returns
  // less than length only at the end of file, and a write is whole or an error.
  // A read of a regular file that waits for bytes, as /proc/kmsg, returns what
  // there is.  On an fd without a size, EMFILE, ENFILE, ENOMEM, ENOSPC and
  // EAGAIN also say that the system has nothing to wait for the fd with; try
  // again later.
  int64_t result = 0;

  // Bytes transferred; valid even if result is an error.
  size_t transferred = 0;

  // Set by Submit(), for the backend: what kind of file fd is.
  FdTraits traits;

  // Set by Get(); not to be changed.
  Queue* queue = nullptr;        // It lent the request.
  char* queue_buffer = nullptr;  // The queue's own buffer of this request.

  // Each of these fills in one operation.  It sets all fields that describe
  // that: op, fd, offset, buffer, length, iovecs, iovec_count, and flags to 0.
  // It leaves all others, such as priority, user_data and handler.  Returns the
  // request:
  //   queue.Submit(r->Read(file, 0, 65536));
  // The transfer is between the file and the queue's buffer.
  Request* Read(FileOrFd file, int64_t at, size_t bytes) noexcept;
  Request* Write(FileOrFd file, int64_t at, size_t bytes) noexcept;
  Request* WriteBack(FileOrFd file, int64_t at, size_t bytes) noexcept;

  // The same, with the caller's own memory.
  Request* Read(FileOrFd file, int64_t at, absl::Span<char> to) noexcept;
  Request* Write(FileOrFd file, int64_t at, absl::string_view from) noexcept;
  Request* Readv(FileOrFd file, int64_t at,
                 absl::Span<const iovec> to) noexcept;
  Request* Writev(FileOrFd file, int64_t at,
                  absl::Span<const iovec> from) noexcept;

  Request* Fsync(FileOrFd file) noexcept;
  Request* Fdatasync(FileOrFd file) noexcept;
  Request* NoOp() noexcept;

  // Sets `object->kFunction(request)` as the handler, by user_data, without an
  // allocation.  Returns the request:
  //   queue.Submit(r->Read(file, 0, 65536)->SetHandler<&Session::OnRead>(this))
  template <auto kFunction, typename T>
  Request* SetHandler(T* object) noexcept {
    user_data = object;
    handler = [](Request* request) noexcept {
      (static_cast<T*>(request->user_data)->*kFunction)(request);
    };
    return this;
  }

  // OK if result >= 0.  Else an error that names operation, length, offset, fd,
  // file and errno, and the cause if it shows: what is misaligned, negative,
  // null, too long or too many, not open for this operation, or not ready.
  // Reads the state of the fd now, and, if that matters, the iovecs.
  absl::Status status() const;

  // For people: operation, length, offset, fd and file.
  [[nodiscard]] std::string DebugString() const;
};

// Whether it writes to the end of the file, whatever its offset.
[[nodiscard]] bool Appends(const Request& request) noexcept;

}  // namespace uasio

#endif  // UASIO_ASIO_REQUEST_H_
