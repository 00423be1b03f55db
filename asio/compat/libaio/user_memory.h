// Memory that a system call's arguments point to, copied as the kernel copies
// it: an address that is not mapped is an answer, not a crash.
//
// Threads:   any.
// Cost:      0.1 us for each page that is read, 0.5 us for what is written.
// Errors:    false, for which the kernel says EFAULT.  A program that unmaps
//            memory in one thread while another hands it to us may crash.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
#define UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_

#include <cstddef>

namespace uasio {
namespace libaio {

bool CopyIn(void* to, const void* from, size_t bytes);
bool CopyOut(void* to, const void* from, size_t bytes);

// Whether `bytes` at `address` could be a program's at all: the kernel refuses
// others before it looks at them.
bool IsUserRange(const void* address, size_t bytes);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
