// Memory that a system call's arguments point to, copied as the kernel copies
// it: an address that is not mapped is an answer, not a crash.
//
// Threads:   any.
// Cost:      a short system call for each page.
// Errors:    false, for which the kernel says EFAULT.  A program that unmaps
//            memory in one thread while another hands it to us may crash, and
//            so may one whose filter refuses rt_sigprocmask(2) or getcpu(2).

#ifndef UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
#define UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_

#include <cstddef>

namespace uasio {
namespace libaio {

bool CopyIn(void* to, const void* from, size_t bytes);

// REQUIRES: bytes is 0 or at least 4.
bool CopyOut(void* to, const void* from, size_t bytes);

// Whether `bytes` at `address` could be a program's at all: the kernel refuses
// others before it looks at them.
bool IsUserRange(const void* address, size_t bytes);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
