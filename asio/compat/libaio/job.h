// A Job is one request from io_submit() until its event is in the ring.
//
// Threads:   whoever has it, and who hands it on as his last deed: the client's
//            thread, the pool, the epoll thread; what is marked so, under the
//            context's lock.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_JOB_H_
#define UASIO_ASIO_COMPAT_LIBAIO_JOB_H_

#include <linux/aio_abi.h>
#include <sys/uio.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "asio/compat/libaio/doorbell.h"
#include "asio/syscalls/readiness.h"
#include "asio/syscalls/transfer.h"
#include "clists/clist.h"
#include "workqueue/free_list.h"
#include "workqueue/work.h"

namespace uasio {
namespace libaio {

class Context;

struct Job : Work, Readiness::Watch, Recyclable<Job> {
  enum class Kind : uint8_t {
    kFile,    // A thread of the pool does it, and that ends.
    kStream,  // It is attempted whenever the fd is ready, which may be never.
    kPoll,    // It only waits for the fd, or is not yet known to do more.
  };

  Context* context;
  std::atomic<Kind> kind;           // Once kFile, that to the end.
  Transfer transfer;                // Unless kPoll.
  std::unique_ptr<iovec[]> iovecs;  // What transfer.iovecs points to.
  io_event event;                   // As far as the client has given it.
  std::atomic<bool> cancelled;

  // Under the context's lock.
  Cnode in_flight;
  uint64_t ticket;  // Of its submission, ascending.
  bool watched;     // Handed to the engine's readiness at least once.
  Doorbell* bell;   // Or nullptr.
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_JOB_H_
