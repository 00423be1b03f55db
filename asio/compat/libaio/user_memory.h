// Copies from and to memory that the client's arguments point to.  An address
// that is not mapped is an error, not a crash.
//
// Threads:   any; one at a time for a UserReader.
// Cost:      a short system call for each page; a UserReader makes none for the
//            page of its last copy.
// Errors:    false: the kernel would return EFAULT.  A program may crash if one
//            thread unmaps the memory while another passes it to us, or if a
//            seccomp filter refuses rt_sigprocmask(2) or getcpu(2).

#ifndef UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
#define UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_

#include <cstddef>
#include <cstdint>

namespace uasio {
namespace libaio {

bool CopyIn(void* to, const void* from, size_t bytes);

// Copies several times during one call of the client's, without checking the
// last page again.
class UserReader {
 public:
  bool CopyIn(void* to, const void* from, size_t bytes);

 private:
  bool IsReadable(const void* address, size_t bytes);

  uintptr_t page_ = UINTPTR_MAX;  // The number of the last readable page.
};

// REQUIRES: bytes is 0 or at least 4.
bool CopyOut(void* to, const void* from, size_t bytes);

// False: the range is not in the program's half of the address space.  The
// kernel refuses such a range without reading it.
bool IsUserRange(const void* address, size_t bytes);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_USER_MEMORY_H_
