#include "asio/syscalls/aio_context.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace uasio {
namespace {

// Calls it again while it fails with EINTR.  Returns its result, or -errno.
template <typename Call>
long Retrying(const Call& call) {
  long result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

}  // namespace

int AioContext::Create(unsigned events) {
  const long error =
      Retrying([&] { return syscall(SYS_io_setup, events, &context_); });
  if (error != 0) return static_cast<int>(-error);
  if (context_ == 0) return ENOSYS;  // A filter lets it succeed.
  AioRing* const ring = reinterpret_cast<AioRing*>(context_);
  const bool known = ring->magic == kAioRingMagic &&
                     ring->incompatible_features == 0 &&
                     ring->header_bytes == sizeof(AioRing);
  ring_ = known ? ring : nullptr;
  return 0;
}

AioContext::~AioContext() {
  if (context_ != 0 && owner_.IsThisProcess())
    syscall(SYS_io_destroy, context_);
}

long AioContext::Submit(iocb** iocbs, size_t count) {
  return Retrying([&] {
    return syscall(SYS_io_submit, context_, static_cast<long>(count), iocbs);
  });
}

long AioContext::GetEvents(size_t min, size_t max, io_event* out,
                           timespec* timeout) {
  const long count = syscall(SYS_io_getevents, context_, static_cast<long>(min),
                             static_cast<long>(max), out, timeout);
  return count < 0 ? -errno : count;
}

void AioContext::Cancel(iocb* submitted) {
  io_event event;
  syscall(SYS_io_cancel, context_, submitted, &event);
}

}  // namespace uasio
