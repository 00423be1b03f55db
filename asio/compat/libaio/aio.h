// An Aio is the kernel's asynchronous I/O (io_setup(2) and its kin, KAIO) in
// userspace: the same control blocks, events, rings and errors, on a pool of
// threads.
//
// Threads:   any, at the same time, on the same context, too.  Not in a signal
//            handler.
// Ownership: control blocks, vectors and eventfds are the caller's again when
//            Submit() returns; buffers, and the fds that they are for, when the
//            event is there.
// Units:     bytes.
// Order:     none between requests.
// Blocks:    GetEvents() and PGetEvents() as asked; Destroy(), Drain() and the
//            destructor, until what is in flight is done.  Submit() does not,
//            unless no thread can be started at all: then it does the work.
// Errors:    each call returns what the system call of its name would, -errno
//            for an error; errno may change.  A forked child of its creator
//            is told EINVAL, and may destroy its copy.  The constructor may
//            throw std::bad_alloc; Setup() then says ENOMEM.
// Source:    the manual pages, <linux/aio_abi.h>, and fs/aio.c where they are
//            silent.  docs/libaio.md has the differences.
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
  // Of the mask, as much is read as the kernel reads; nullptr: none.
  int64_t PGetEvents(aio_context_t context, int64_t min, int64_t max,
                     io_event* events, const timespec* timeout,
                     const sigset_t* mask);

  // Waits for all transfers to and from files that were submitted before, as
  // the kernel does when a process ends.
  void Drain();

  AioCounts counts() const { return engine_->counts(); }

 private:
  int MakeContext(unsigned events, aio_context_t* id);
  ContextTable::Pointer Find(aio_context_t context);

  const Owner creator_;
  // Pointers, because in a forked child they are never destroyed: what they
  // wait for, and the threads that they join, are not there.
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ContextTable> contexts_;
  std::atomic<uint64_t> events_{0};  // That contexts were set up for.
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_AIO_H_
