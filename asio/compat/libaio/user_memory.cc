// Before a copy, system calls probe each page, calls that seccomp filters allow
// almost everywhere:
//
// - readable: rt_sigprocmask(2) with an invalid `how` reads the 8 bytes of a
//   signal mask, then fails with EINVAL and changes nothing;
// - writable: getcpu(2) writes 4 bytes, which the copy then overwrites.
//
// If a filter refuses such a call, the page counts as good, and a bad address
// crashes.

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

constexpr uintptr_t kPage = 4096;  // No architecture has smaller pages.
constexpr size_t kMaskBytes = 8;
constexpr size_t kCpuBytes = 4;

bool IsWordReadable(uintptr_t address) {
  constexpr int kInvalidHow = -1;
  const uintptr_t word = address & -kMaskBytes;
  if (word == 0) return false;  // The kernel does not read a null mask.
  return syscall(SYS_rt_sigprocmask, kInvalidHow, word, nullptr, kMaskBytes) ==
             0 ||
         errno != EFAULT;
}

// Overwrites the kCpuBytes at `address`.
bool CanWriteCpuNumber(uintptr_t address) {
  return syscall(SYS_getcpu, address, nullptr, nullptr) == 0 || errno != EFAULT;
}

bool IsWritable(void* address, size_t bytes) {
  if (!IsUserRange(address, bytes)) return false;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(address);
  if (begin == 0) return false;  // getcpu(2) does not write to a null pointer.
  const uintptr_t end = begin + bytes;
  for (uintptr_t p = begin; p < end; p = (p / kPage + 1) * kPage) {
    if (!CanWriteCpuNumber(std::min(p, end - kCpuBytes))) return false;
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

// The kernel has the upper half of the address space.
bool IsUserRange(const void* address, size_t bytes) {
  const uintptr_t begin = reinterpret_cast<uintptr_t>(address);
  const uintptr_t end = begin + bytes;
  return begin <= end && end <= UINTPTR_MAX / 2;
}

}  // namespace libaio
}  // namespace uasio
