// An Aio emulates the kernel's asynchronous I/O (KAIO: io_setup(2),
// io_submit(2), ...) in userspace: the same control blocks, events, rings and
// errors, on a worker pool.
//
// Threads:   any, also several on one context.  Not in a signal handler.
// Ownership: Submit() borrows control blocks, vectors and eventfds until it
//            returns; buffers and data fds are borrowed until the event is in
//            the ring.
// Units:     bytes.
// Order:     none between requests.
// Blocks:    GetEvents() and PGetEvents() as their arguments say; Destroy() and
//            the destructor, until nothing is in flight; Drain().  Submit()
//            blocks only if the pool can start no thread: then the calling
//            thread performs the request.
// Errors:    each call returns what the system call of the same name returns,
//            -errno for an error; errno may change.  In a forked child every
//            call returns -EINVAL; the child may destroy its copy.  The
//            constructor may throw std::bad_alloc; Setup() returns -ENOMEM.
// Source:    the manual pages and <linux/aio_abi.h>; fs/aio.c where those are
//            silent.  docs/libaio.md lists the differences.
//
//   Aio aio;
//   aio_context_t context = 0;
//   if (aio.Setup(128, &context) != 0) ...
//   aio.Submit(context, 1, &block);
//   aio.GetEvents(context, 1, 1, &event, nullptr);
//   aio.Destroy(context);

#ifndef UASIO_ASIO_COMPAT_LIBAIO_AIO_H_
#define UASIO_ASIO_COMPAT_LIBAIO_AIO_H_

#include <linux/aio_abi.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "asio/compat/libaio/context_table.h"
#include "asio/compat/libaio/engine.h"
#include "workqueue/owner.h"

namespace uasio {
namespace libaio {

class Aio {
 public:
  // REQUIRES: options.threads_max > 0.
  explicit Aio(const AioOptions& options = {});
  ~Aio();
  Aio(const Aio&) = delete;
  Aio& operator=(const Aio&) = delete;

  int64_t Setup(unsigned events, aio_context_t* context);
  int64_t Destroy(aio_context_t context);
  int64_t Submit(aio_context_t context, int64_t count, iocb* const* blocks);
  int64_t Cancel(aio_context_t context, iocb* block, io_event* event);
  int64_t GetEvents(aio_context_t context, int64_t min, int64_t max,
                    io_event* events, const timespec* timeout);
  // Reads only as much of `mask` as the kernel does, 8 bytes.  nullptr: the
  // thread's mask stays as it is.
  int64_t PGetEvents(aio_context_t context, int64_t min, int64_t max,
                     io_event* events, const timespec* timeout,
                     const sigset_t* mask);

  // Waits for all transfers to and from files that were submitted before this
  // call, as the kernel does at the end of a process.
  void Drain();

  AioCounts counts() const { return engine_->counts(); }

 private:
  int MakeContext(unsigned events, aio_context_t* id);
  ContextTable::Pointer Find(aio_context_t context);

  const Owner creator_;
  // Pointers, so that a forked child can leak them: their destructors would
  // wait for requests and threads that do not exist there.
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ContextTable> contexts_;
  std::atomic<uint64_t> events_{0};  // The sum of all contexts' `events`.
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_AIO_H_
