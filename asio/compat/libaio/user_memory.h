// Memory that a system call's arguments point to, copied as the kernel copies
// it: an address that is not mapped is an answer, not a crash.
//
// Threads:   any.
// Cost:      a short system call for each page; a UserReader's, for each that
//            is not the last one's.
// Errors:    false, for which the kernel says EFAULT.  A program that unmaps
//            memory in one thread while another hands it to us may crash, and
//            so may one whose filter refuses rt_sigprocmask(2) or getcpu(2).

#ifndef UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
#define UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_

#include <cstddef>
#include <cstdint>

namespace uasio {
namespace libaio {

bool CopyIn(void* to, const void* from, size_t bytes);

// For one call of the program's that has much copied in from one place: a page
// that could be read a moment ago is not asked about again.
class UserReader {
 public:
  bool CopyIn(void* to, const void* from, size_t bytes);

 private:
  bool IsReadable(const void* address, size_t bytes);

  uintptr_t page_ = UINTPTR_MAX;  // The number of one that can be read.
};

// REQUIRES: bytes is 0 or at least 4.
bool CopyOut(void* to, const void* from, size_t bytes);

// Whether `bytes` at `address` could be a program's at all: the kernel refuses
// others before it looks at them.
bool IsUserRange(const void* address, size_t bytes);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
