#include "asio/testing/large_sectors.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace uasio {
namespace {

constexpr size_t kMemoryAlignment = 512;
constexpr size_t kCallBytesMax = 0x7ffff000;  // The kernel cuts to that.

std::atomic<bool> pretends{false};

bool IsDirect(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_DIRECT) != 0;
}

// Whether the disk refuses a transfer, with errno set.
bool Refuses(int fd, size_t length, off_t offset) {
  const size_t bytes = std::min(length, kCallBytesMax);
  if (!IsDirect(fd) || (bytes % kLargeSector == 0 &&
                        static_cast<size_t>(offset) % kLargeSector == 0)) {
    return false;
  }
  errno = EINVAL;
  return true;
}

size_t Sum(const iovec* parts, int count) {
  size_t sum = 0;
  for (int i = 0; i < count; ++i) sum += parts[i].iov_len;
  return sum;
}

ssize_t Pretended(size_t length) {
  return static_cast<ssize_t>(std::min(length, kCallBytesMax));
}

}  // namespace

PretendedReads::PretendedReads() { pretends = true; }
PretendedReads::~PretendedReads() { pretends = false; }

}  // namespace uasio

extern "C" int statx(int fd, const char* path, int flags, unsigned mask,
                     struct statx* info) noexcept {
  const long result = syscall(SYS_statx, fd, path, flags, mask, info);
  info->stx_mask |= STATX_DIOALIGN;
  info->stx_dio_mem_align = uasio::kMemoryAlignment;
  info->stx_dio_offset_align = uasio::kLargeSector;
  return static_cast<int>(result);
}

extern "C" ssize_t pread(int fd, void* to, size_t length, off_t offset) {
  if (uasio::Refuses(fd, length, offset)) return -1;
  if (uasio::pretends) return uasio::Pretended(length);
  return syscall(SYS_pread64, fd, to, length, offset);
}

extern "C" ssize_t pwrite(int fd, const void* from, size_t length,
                          off_t offset) {
  if (uasio::Refuses(fd, length, offset)) return -1;
  return syscall(SYS_pwrite64, fd, from, length, offset);
}

extern "C" ssize_t preadv2(int fd, const iovec* parts, int count, off_t offset,
                           int flags) {
  const size_t length = uasio::Sum(parts, count);
  if (uasio::Refuses(fd, length, offset)) return -1;
  if (uasio::pretends) return uasio::Pretended(length);
  return syscall(SYS_preadv2, fd, parts, count, offset, 0, flags);
}

extern "C" ssize_t pwritev2(int fd, const iovec* parts, int count, off_t offset,
                            int flags) {
  if (uasio::Refuses(fd, uasio::Sum(parts, count), offset)) return -1;
  return syscall(SYS_pwritev2, fd, parts, count, offset, 0, flags);
}
