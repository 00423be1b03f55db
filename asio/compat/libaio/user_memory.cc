// The kernel is asked, page by page, whether the memory could be read or
// written, by calls that every program may make, on whatever thread: a
// rt_sigprocmask(2) that reads the eight bytes of a signal mask before it sees
// that it is told to do nothing with it, and a getcpu(2) that writes four
// bytes, where ours are written next.  Where a filter refuses one all the same,
// a bad address crashes.

#include "asio/compat/libaio/user_memory.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace uasio {
namespace libaio {
namespace {

constexpr uintptr_t kPage = 4096;  // No architecture has smaller ones.
constexpr size_t kMaskBytes = 8;
constexpr size_t kCpuBytes = 4;

bool IsWordReadable(uintptr_t address) {
  constexpr int kNothing = -1;
  const uintptr_t word = address & -kMaskBytes;
  if (word == 0) return false;  // Where it would be asked about no mask at all.
  return syscall(SYS_rt_sigprocmask, kNothing, word, nullptr, kMaskBytes) ==
             0 ||
         errno != EFAULT;
}

// Leaves the number of a CPU there.
bool IsNumberWritable(uintptr_t address) {
  return syscall(SYS_getcpu, address, nullptr, nullptr) == 0 || errno != EFAULT;
}

bool IsWritable(void* address, size_t bytes) {
  if (!IsUserRange(address, bytes)) return false;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(address);
  if (begin == 0) return false;  // Where it would be asked for nothing.
  const uintptr_t end = begin + bytes;
  for (uintptr_t p = begin; p < end; p = (p / kPage + 1) * kPage) {
    if (!IsNumberWritable(std::min(p, end - kCpuBytes))) return false;
  }
  return true;
}

}  // namespace

bool CopyIn(void* to, const void* from, size_t bytes) {
  return UserReader().CopyIn(to, from, bytes);
}

bool UserReader::IsReadable(const void* address, size_t bytes) {
  if (!IsUserRange(address, bytes)) return false;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(address);
  for (uintptr_t p = begin; p < begin + bytes; p = (p / kPage + 1) * kPage) {
    if (p / kPage == page_) continue;
    if (!IsWordReadable(p)) return false;
    page_ = p / kPage;
  }
  return true;
}

bool UserReader::CopyIn(void* to, const void* from, size_t bytes) {
  if (!IsReadable(from, bytes)) return false;
  if (bytes > 0) std::memcpy(to, from, bytes);
  return true;
}

bool CopyOut(void* to, const void* from, size_t bytes) {
  if (bytes == 0) return true;
  if (!IsWritable(to, bytes)) return false;
  std::memcpy(to, from, bytes);
  return true;
}

// The upper half of the addresses is the kernel's.
bool IsUserRange(const void* address, size_t bytes) {
  const uintptr_t begin = reinterpret_cast<uintptr_t>(address);
  const uintptr_t end = begin + bytes;
  return begin <= end && end <= UINTPTR_MAX / 2;
}

}  // namespace libaio
}  // namespace uasio
