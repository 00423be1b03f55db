#include "asio/compat/libaio/user_memory.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace uasio {
namespace libaio {
namespace {

using Call = ssize_t (*)(pid_t, const iovec*, unsigned long, const iovec*,
                         unsigned long, unsigned long);

// By a seccomp filter, or a kernel that was built without it.
std::atomic<bool> forbidden{false};

enum class Answer { kCopied, kFault, kForbidden };

Answer Copy(Call call, const iovec& ours, const iovec* theirs, int count) {
  if (forbidden.load(std::memory_order_relaxed)) return Answer::kForbidden;
  const ssize_t n =
      call(getpid(), &ours, 1, theirs, static_cast<unsigned long>(count), 0);
  if (n == static_cast<ssize_t>(ours.iov_len)) return Answer::kCopied;
  if (n >= 0 || errno == EFAULT || errno == ENOMEM) return Answer::kFault;
  forbidden = true;
  return Answer::kForbidden;
}

size_t TotalOf(const iovec* parts, int count) {
  size_t total = 0;
  for (int i = 0; i < count; ++i) total += parts[i].iov_len;
  return total;
}

}  // namespace

bool CopyIn(void* to, const void* from, size_t bytes) {
  const iovec one = {const_cast<void*>(from), bytes};
  return Gather(to, &one, 1);
}

bool CopyOut(void* to, const void* from, size_t bytes) {
  const iovec one = {to, bytes};
  return Scatter(&one, 1, from);
}

bool Gather(void* to, const iovec* from, int count) {
  const iovec ours = {to, TotalOf(from, count)};
  if (ours.iov_len == 0) return true;
  const Answer answer = Copy(&process_vm_readv, ours, from, count);
  if (answer != Answer::kForbidden) return answer == Answer::kCopied;
  char* place = static_cast<char*>(to);
  for (int i = 0; i < count; ++i) {
    std::memcpy(place, from[i].iov_base, from[i].iov_len);
    place += from[i].iov_len;
  }
  return true;
}

bool Scatter(const iovec* to, int count, const void* from) {
  const iovec ours = {const_cast<void*>(from), TotalOf(to, count)};
  if (ours.iov_len == 0) return true;
  const Answer answer = Copy(&process_vm_writev, ours, to, count);
  if (answer != Answer::kForbidden) return answer == Answer::kCopied;
  const char* place = static_cast<const char*>(from);
  for (int i = 0; i < count; ++i) {
    std::memcpy(to[i].iov_base, place, to[i].iov_len);
    place += to[i].iov_len;
  }
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
