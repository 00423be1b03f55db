// A Job is one request from io_submit() until its event is in the ring.
//
// Threads:   one owner at a time: the client's thread, a thread of the pool or
//            the epoll thread.  Handing the job over is the owner's last
//            action.  The context's lock guards the fields that say so.

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
    kFile,    // A thread of the pool performs it and may block meanwhile.
    kStream,  // Attempted when the fd is ready; may never complete.  Also reads
              // of regular files without a size, as /proc/kmsg.
    kPoll,    // Only waits for the fd, or is not admitted yet.
  };

  Context* context;
  std::atomic<Kind> kind;           // kFile does not change any more.
  Transfer transfer;                // Unless kPoll.
  std::unique_ptr<iovec[]> iovecs;  // Owns transfer.iovecs.
  io_event event;                   // Before completion: data and obj only.
  std::atomic<bool> cancelled;

  // Guarded by the context's lock.
  Cnode in_flight;
  uint64_t ticket;  // Ascends in order of submission.
  bool watched;     // Was added to engine->readiness at least once.
  Doorbell* bell;   // Or nullptr.
};

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_JOB_H_
