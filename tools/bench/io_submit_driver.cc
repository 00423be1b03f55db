#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/bench/drivers.h"
#include "tools/bench/io_submit_loop.h"

namespace uasio::bench {
namespace {

int64_t OrError(long result) { return result < 0 ? -errno : result; }

struct KernelCalls {
  static int64_t Setup(unsigned events, aio_context_t* context) {
    return OrError(syscall(SYS_io_setup, events, context));
  }
  static int64_t Destroy(aio_context_t context) {
    return OrError(syscall(SYS_io_destroy, context));
  }
  static int64_t Submit(aio_context_t context, int64_t count, iocb** iocbs) {
    return OrError(syscall(SYS_io_submit, context, count, iocbs));
  }
  static int64_t GetEvents(aio_context_t context, int64_t min, int64_t max,
                           io_event* events, const timespec* timeout) {
    return OrError(
        syscall(SYS_io_getevents, context, min, max, events, timeout));
  }
};

}  // namespace

std::unique_ptr<Driver> NewIoSubmitDriver() {
  return std::make_unique<IoSubmitLoop<KernelCalls>>(KernelCalls());
}

}  // namespace uasio::bench
