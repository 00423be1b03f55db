// How a request passes through this folder:
//
//   control_blocks.h  copies the client's control block;
//   context.h         takes a slot and a job for it;
//   admission.h       validates the block and fills in the job;
//   submission.h      drives these three and hands the job to the pool;
//   engine.h          has the pool and the epoll thread that perform jobs;
//   ring.h            gets the event of a finished job;
//   doorbell.h        signals the eventfd of the request, if it has one;
//   waiters.h         wakes the threads that wait for events.

#include "asio/compat/libaio/aio.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <new>

#include "asio/compat/libaio/control_blocks.h"
#include "asio/compat/libaio/submission.h"
#include "asio/compat/libaio/user_memory.h"

namespace uasio {
namespace libaio {
namespace {

// The kernel allocates twice as many slots as the program asks for, at least
// 2 * kSlotsPerCpu for each CPU, in a ring of at most 256 MiB.
constexpr uint32_t kSlotsMax = (256u << 20) / sizeof(io_event);
constexpr uint32_t kSlotsPerCpu = 4;

// The kernel truncates the number of slots to 32 bits.  EINVAL: no events, or
// the truncated number exceeds kSlotsMax; EAGAIN: only the full number does.
int CheckEvents(uint32_t events) {
  const long cpus = std::max(sysconf(_SC_NPROCESSORS_CONF), 1L);
  const uint64_t slots =
      std::max<uint64_t>(events, kSlotsPerCpu * static_cast<uint64_t>(cpus)) *
      2;
  if (events == 0 || static_cast<uint32_t>(slots) > kSlotsMax) return EINVAL;
  return slots > kSlotsMax ? EAGAIN : 0;
}

// Checks nothing, as the kernel: tv_nsec may exceed a second.  A negative
// timeout, and one too long for a Deadline, waits for ever.
Deadline ToDeadline(const timespec& timeout) {
  constexpr int64_t kSecondsMax = INT64_MAX / std::nano::den;
  if (timeout.tv_sec >= kSecondsMax) return kNoDeadline;
  const int64_t ns = static_cast<int64_t>(
      static_cast<uint64_t>(timeout.tv_sec) * std::nano::den +
      static_cast<uint64_t>(timeout.tv_nsec));
  if (ns == 0) return kDontWait;
  if (ns < 0) return kNoDeadline;
  const Deadline now = std::chrono::steady_clock::now();
  const std::chrono::nanoseconds left(ns);
  return left < kNoDeadline - now ? now + left : kNoDeadline;
}

bool CopyDeadline(const timespec* timeout, Deadline* deadline) {
  *deadline = kNoDeadline;
  if (timeout == nullptr) return true;
  timespec copy;
  if (!CopyIn(&copy, timeout, sizeof(copy))) return false;
  *deadline = ToDeadline(copy);
  return true;
}

}  // namespace

Aio::Aio(const AioOptions& options)
    : engine_(std::make_unique<Engine>(options)),
      contexts_(std::make_unique<ContextTable>()) {}

Aio::~Aio() {
  if (!creator_.IsThisProcess()) {
    static_cast<void>(contexts_.release());
    static_cast<void>(engine_.release());
    return;
  }
  for (const ContextTable::Pointer& context : contexts_->All()) {
    Destroy(context->id());
  }
}

int64_t Aio::Setup(unsigned events, aio_context_t* context) {
  aio_context_t id;
  if (!CopyIn(&id, context, sizeof(id))) return -EFAULT;
  if (id != 0) return -EINVAL;
  if (int error = CheckEvents(events)) return -error;
  if (!creator_.IsThisProcess()) return -EINVAL;
  int error;
  try {
    error = MakeContext(events, &id);
  } catch (const std::bad_alloc&) {
    error = ENOMEM;
  }
  if (error != 0) return -error;
  if (!CopyOut(context, &id, sizeof(id))) {
    contexts_->Remove(id);
    return -EFAULT;
  }
  Engine::Count(&engine_->contexts);
  return 0;
}

// Adds the context to the table; the caller then stores the id.
int Aio::MakeContext(unsigned events, aio_context_t* id) {
  if (events_.fetch_add(events) + events > engine_->options.events_max) {
    events_.fetch_sub(events);
    return EAGAIN;
  }
  auto give_back = [this, events](Context* old) {
    delete old;
    events_.fetch_sub(events);
  };
  const ContextTable::Pointer made(
      new (std::nothrow) Context(engine_.get(), events), give_back);
  if (made == nullptr || !made->ok()) return ENOMEM;
  *id = made->id();
  contexts_->Add(made);
  return 0;
}

int64_t Aio::Destroy(aio_context_t context) {
  if (!creator_.IsThisProcess()) return -EINVAL;
  const ContextTable::Pointer found = contexts_->Remove(context);
  return found == nullptr ? -EINVAL : found->Destroy();
}

int64_t Aio::Submit(aio_context_t context, int64_t count, iocb* const* blocks) {
  const ContextTable::Pointer found = Find(context);
  if (found == nullptr) return -EINVAL;
  return libaio::Submit(found.get(), count, blocks);
}

int64_t Aio::Cancel(aio_context_t context, iocb* block, io_event*) {
  uint32_t key;
  if (!ReadKey(block, &key)) return -EFAULT;
  if (key != kIocbKey) return -EINVAL;
  const ContextTable::Pointer found = Find(context);
  return found == nullptr ? -EINVAL : found->Cancel(block);
}

int64_t Aio::GetEvents(aio_context_t context, int64_t min, int64_t max,
                       io_event* events, const timespec* timeout) {
  return PGetEvents(context, min, max, events, timeout, nullptr);
}

int64_t Aio::PGetEvents(aio_context_t context, int64_t min, int64_t max,
                        io_event* events, const timespec* timeout,
                        const sigset_t* mask) {
  Deadline deadline;
  if (!CopyDeadline(timeout, &deadline)) return -EFAULT;
  sigset_t own_mask = {};
  if (mask != nullptr) {
    if (!CopyIn(&own_mask, mask, kSigsetBytes)) return -EFAULT;
    mask = &own_mask;
  }
  const ContextTable::Pointer found = Find(context);
  if (found == nullptr || min < 0 || min > max) return -EINVAL;
  return found->GetEvents({min, max, events, deadline, mask});
}

void Aio::Drain() {
  if (!creator_.IsThisProcess()) return;
  for (const ContextTable::Pointer& context : contexts_->All()) {
    context->Drain();
  }
}

ContextTable::Pointer Aio::Find(aio_context_t context) {
  return creator_.IsThisProcess() ? contexts_->Find(context) : nullptr;
}

}  // namespace libaio
}  // namespace uasio
