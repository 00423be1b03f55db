// Memory that a system call's arguments point to, copied as the kernel copies
// it: an address that is not mapped is an answer, not a crash.
//
// Threads:   any.
// Cost:      a system call (process_vm_readv(2) on the own process), 0.3 us.
// Errors:    false, for which the kernel says EFAULT.  Where that call is
//            forbidden, memory is copied as usual, and a bad address crashes.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
#define UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_

#include <sys/uio.h>

#include <cstddef>

namespace uasio {
namespace libaio {

bool CopyIn(void* to, const void* from, size_t bytes);
bool CopyOut(void* to, const void* from, size_t bytes);

// From, or to, several places of the program's, at most IOV_MAX, to or from
// one place of ours.
bool Gather(void* to, const iovec* from, int count);
bool Scatter(const iovec* to, int count, const void* from);

// Whether `bytes` at `address` could be a program's at all: the kernel refuses
// others before it looks at them.
bool IsUserRange(const void* address, size_t bytes);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
