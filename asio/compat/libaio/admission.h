// Admit() holds a control block to the kernel's rules, in the kernel's order
// (io_submit_one() in fs/aio.c), and makes a job of it.
//
// Threads:   any.
// Errors:    errnos that io_submit(2) returns, in its manual page's words or,
//            where that is silent, as the kernel does.
//
// The order matters to who tests for errors, and to nobody else: fields, slot,
// fd, eventfd, key, priority, flags, mode, memory, offset.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_ADMISSION_H_
#define UASIO_ASIO_COMPAT_LIBAIO_ADMISSION_H_

#include <linux/aio_abi.h>
#include <sys/types.h>

#include "asio/compat/libaio/job.h"

namespace uasio {
namespace libaio {

// What can be asked of an open file.
struct FdFacts {
  int fd;
  int flags;  // As F_GETFL.
  mode_t mode;
  bool stream;  // It has no offsets.
};

// The fields alone, before there is a slot.
int CheckFields(const iocb& block);

// EBADF: `fd` is not open, or only as a path.
int LearnFd(int fd, FdFacts* facts);

// Fills in the job's kind, and its transfer or its fd and events.
int Admit(const iocb& block, const FdFacts& facts, Job* job);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_ADMISSION_H_
