#include "asio/compat/libaio/doorbell.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

namespace uasio {
namespace libaio {
namespace {

// False also where that cannot be asked.
bool IsSameFile(int a, int b) {
  const pid_t self = getpid();
  return syscall(SYS_kcmp, self, self, KCMP_FILE, a, b) == 0;
}

bool IsEventfd(int fd) {
  char link[32];
  char target[64] = {};
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  if (readlink(link, target, sizeof(target) - 1) >= 0) {
    return std::strcmp(target, "anon_inode:[eventfd]") == 0;
  }
  // Without /proc: at least no file, pipe or socket, which have a type.
  struct stat info;
  return fstat(fd, &info) == 0 && (info.st_mode & S_IFMT) == 0;
}

}  // namespace

int Doorbells::Acquire(int fd, Doorbell** bell) {
  for (Doorbell& known : bells_) {
    if (!IsSameFile(known.fd, fd)) continue;
    ++known.users;
    *bell = &known;
    return 0;
  }
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return EBADF;
  if (!IsEventfd(fd)) return EINVAL;
  const int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) return EAGAIN;
  const bool nonblocking = (flags & O_NONBLOCK) != 0;
  *bell = new (std::nothrow) Doorbell{duplicate, nonblocking, 1, {}};
  if (*bell == nullptr) {
    close(duplicate);
    return EAGAIN;
  }
  bells_.AddTail(*bell);
  return 0;
}

void Doorbells::Ring(const Doorbell& bell) const {
  pollfd room = {bell.fd, POLLOUT, 0};
  if (!bell.nonblocking && poll(&room, 1, 0) == 0) return;
  eventfd_write(bell.fd, 1);
}

void Doorbells::Release(Doorbell* bell) {
  if (--bell->users > 0) return;
  bells_.Remove(bell);
  close(bell->fd);
  delete bell;
}

}  // namespace libaio
}  // namespace uasio
