// libaio's functions, under libaio's names and versions.  A process has one Aio
// for all of them.
//
// Threads:   any.  Not in a signal handler.
// Errors:    -errno is returned; errno stays as it is.
// Source:    libaio's manual pages and <libaio.h>; the versioned names are
//            those of the distributions' libaio.so.1.
//
// The first call makes the Aio.  It is never destroyed, because calls may come
// until the process ends.  A forked child makes its own and leaves the
// inherited one alone.

#include <linux/aio_abi.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "asio/compat/libaio/aio.h"
#include "asio/compat/libaio/settings.h"
#include "asio/compat/libaio/user_memory.h"
#include "workqueue/per_process.h"

namespace uasio {
namespace libaio {
namespace {

using Callback = void (*)(aio_context_t, iocb*, long, long);

struct Process {
  Process() : settings(ReadSettings()), aio(settings.options) {}

  const Settings settings;
  Aio aio;
};

PerProcess<Process> process;

std::atomic<bool> drains_at_exit{false};

// The process waits for its requests before it ends, as in the kernel.
void Drain() {
  Process* const current = process.GetIfMade();
  if (current != nullptr) current->aio.Drain();
}

// The drain precedes the destructors of objects that existed before the first
// call, because requests may use their memory.
void DrainAtExit() {
  if (!drains_at_exit.exchange(true)) std::atexit(&Drain);
}

Process* ThisProcess() {
  if (Process* const current = process.GetIfMade()) return current;
  DrainAtExit();
  return process.Get();
}

void PrintSummary(const AioCounts& counts) {
  const uint64_t requests =
      counts.reads + counts.writes + counts.syncs + counts.polls;
  std::fprintf(
      stderr,
      "uasio: libaio of process %d: %" PRIu64 " contexts, %" PRIu64
      " requests: %" PRIu64 " reads (%" PRIu64 " cached), %" PRIu64
      " writes, %" PRIu64 " syncs, %" PRIu64 " polls; %" PRIu64 " failed\n",
      static_cast<int>(getpid()), counts.contexts, requests, counts.reads,
      counts.cached, counts.writes, counts.syncs, counts.polls, counts.failed);
}

// Runs after the functions of atexit(3), because they may still submit.
__attribute__((destructor)) void DrainAndSummarize() {
  Drain();
  Process* const current = process.GetIfMade();
  if (current != nullptr && current->settings.summary) {
    PrintSummary(current->aio.counts());
  }
}

// One call of a public function: the thread cannot be cancelled meanwhile,
// because the functions are no cancellation points, and errno stays as it is.
class Call {
 public:
  Call() : errno_(errno) {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_);
  }
  ~Call() {
    pthread_setcancelstate(cancel_state_, nullptr);
    errno = errno_;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Aio* operator->() const { return &ThisProcess()->aio; }

 private:
  const int errno_;
  int cancel_state_;
};

int GetEvents(aio_context_t context, long min, long max, io_event* events,
              const timespec* timeout) {
  const Call call;
  return static_cast<int>(call->GetEvents(context, min, max, events, timeout));
}

int Cancel(aio_context_t context, iocb* block, io_event* event) {
  const Call call;
  return static_cast<int>(call->Cancel(context, block, event));
}

}  // namespace
}  // namespace libaio
}  // namespace uasio

using uasio::libaio::Call;

extern "C" {

// The first call makes the Aio, which may throw.  A program calls io_setup()
// first.
int io_setup(int events, aio_context_t* context) try {
  const Call call;
  return static_cast<int>(call->Setup(static_cast<unsigned>(events), context));
} catch (const std::bad_alloc&) {
  return -ENOMEM;
}

int io_destroy(aio_context_t context) {
  const Call call;
  return static_cast<int>(call->Destroy(context));
}

int io_submit(aio_context_t context, long count, iocb** blocks) {
  const Call call;
  return static_cast<int>(call->Submit(context, count, blocks));
}

int io_pgetevents(aio_context_t context, long min, long max, io_event* events,
                  timespec* timeout, sigset_t* mask) {
  const Call call;
  return static_cast<int>(
      call->PGetEvents(context, min, max, events, timeout, mask));
}

int io_queue_init(int events, aio_context_t* context) {
  if (events <= 0) return -EINVAL;
  const aio_context_t none = 0;
  {
    const Call call;
    if (!uasio::libaio::CopyOut(context, &none, sizeof(none))) return -EFAULT;
  }
  return io_setup(events, context);
}

int io_queue_release(aio_context_t context) { return io_destroy(context); }

// Passes each available event to the callback that its data points to.
int io_queue_run(aio_context_t context) {
  const timespec at_once = {0, 0};
  io_event event;
  int result;
  while ((result = uasio::libaio::GetEvents(context, 0, 1, &event, &at_once)) ==
         1) {
    const auto callback = reinterpret_cast<uasio::libaio::Callback>(event.data);
    callback(context, reinterpret_cast<iocb*>(event.obj),
             static_cast<long>(event.res), static_cast<long>(event.res2));
  }
  return result;
}

// The current interface, since libaio 0.4.

int uasio_io_getevents_0_4(aio_context_t context, long min, long max,
                           io_event* events, timespec* timeout) {
  return uasio::libaio::GetEvents(context, min, max, events, timeout);
}

int uasio_io_cancel_0_4(aio_context_t context, iocb* block, io_event* event) {
  return uasio::libaio::Cancel(context, block, event);
}

// Asks for no events, so it does not block.
int uasio_io_queue_wait_0_4(aio_context_t context, timespec* timeout) {
  return uasio::libaio::GetEvents(context, 0, 0, nullptr, timeout);
}

// The interface of programs linked before libaio 0.4: io_getevents() has no
// minimum (it is 1), io_cancel() no event.

int uasio_io_getevents_0_1(aio_context_t context, long max, io_event* events,
                           const timespec* timeout) {
  return uasio::libaio::GetEvents(context, 1, max, events, timeout);
}

int uasio_io_cancel_0_1(aio_context_t context, iocb* block) {
  io_event event;
  return uasio::libaio::Cancel(context, block, &event);
}

int uasio_io_queue_wait_0_1(aio_context_t context, const timespec* timeout) {
  return uasio::libaio::GetEvents(context, 0, 0, nullptr, timeout);
}

}  // extern "C"

__asm__(".symver uasio_io_getevents_0_4, io_getevents@@LIBAIO_0.4");
__asm__(".symver uasio_io_cancel_0_4, io_cancel@@LIBAIO_0.4");
__asm__(".symver uasio_io_queue_wait_0_4, io_queue_wait@@LIBAIO_0.4");
__asm__(".symver uasio_io_getevents_0_1, io_getevents@LIBAIO_0.1");
__asm__(".symver uasio_io_cancel_0_1, io_cancel@LIBAIO_0.1");
__asm__(".symver uasio_io_queue_wait_0_1, io_queue_wait@LIBAIO_0.1");
