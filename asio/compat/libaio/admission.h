// Admit() validates a control block as the kernel does (io_submit_one() in
// fs/aio.c) and fills in a job.
//
// Threads:   any.
// Errors:    the errnos of the io_submit(2) manual page; where that is silent,
//            the kernel's.
//
// The order of the checks is the kernel's, because it decides which error a
// block with several mistakes gets: fields, slot, fd, eventfd, key, priority,
// flags, mode, memory, offset.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_ADMISSION_H_
#define UASIO_ASIO_COMPAT_LIBAIO_ADMISSION_H_

#include <linux/aio_abi.h>
#include <sys/types.h>

#include "asio/compat/libaio/job.h"

namespace uasio {
namespace libaio {

// What fcntl(2), statx(2) and lseek(2) say of an fd.
struct FdFacts {
  int fd;
  int flags;  // As F_GETFL.
  mode_t mode;
  off_t size;
  bool unseekable;  // Transfers ignore the offset.
};

// The checks that the kernel makes before it takes a slot.
int CheckFields(const iocb& block);

// EBADF: `fd` is not open, or was opened with O_PATH.
int GetFdFacts(int fd, FdFacts* facts);

// Sets job->kind, and job->transfer or, for a poll, the watch's fd and events.
int Admit(const iocb& block, const FdFacts& facts, Job* job);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_ADMISSION_H_
