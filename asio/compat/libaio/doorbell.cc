#include "asio/compat/libaio/doorbell.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace uasio {
namespace libaio {
namespace {

// kcmp(2) and /proc are asked about the calling thread, not the process: once
// the main thread has ended, the process's pid has no open files.

// A filter refuses kcmp(2), or the kernel does not have it.
std::atomic<bool> kcmp_refused{false};

// The kernel's number of the eventfd; -1: unknown.
int64_t ReadEventfdId(int fd) {
  constexpr char kKey[] = "eventfd-id:";
  char path[48];
  char text[512] = {};
  std::snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
  const int info = open(path, O_RDONLY | O_CLOEXEC);
  if (info < 0) return -1;
  const ssize_t n = read(info, text, sizeof(text) - 1);
  close(info);
  const char* found = n > 0 ? std::strstr(text, kKey) : nullptr;
  return found == nullptr ? -1 : std::atoll(found + sizeof(kKey) - 1);
}

int64_t IdOf(Doorbell* bell) {
  if (bell->id < 0) bell->id = ReadEventfdId(bell->fd);
  return bell->id;
}

// Whether `fd` is the bell's eventfd; false if that cannot be determined.
// Caches the id of `fd` in `*id`, which is -1 until it has been read.
bool IsOfBell(int fd, Doorbell* bell, int64_t* id) {
  if (!kcmp_refused.load(std::memory_order_relaxed)) {
    const pid_t self = gettid();
    const long order = syscall(SYS_kcmp, self, self, KCMP_FILE, bell->fd, fd);
    if (order >= 0 || errno == EBADF) return order == 0;
    kcmp_refused = true;
  }
  if (*id < 0) *id = ReadEventfdId(fd);
  return *id >= 0 && *id == IdOf(bell);
}

bool IsEventfd(int fd) {
  char link[48];
  char target[64] = {};
  std::snprintf(link, sizeof(link), "/proc/thread-self/fd/%d", fd);
  if (readlink(link, target, sizeof(target) - 1) >= 0) {
    return std::strcmp(target, "anon_inode:[eventfd]") == 0;
  }
  // Without /proc: files, pipes and sockets have a type, eventfds have none.
  struct stat info;
  return fstat(fd, &info) == 0 && (info.st_mode & S_IFMT) == 0;
}

}  // namespace

int Doorbells::Acquire(int fd, Doorbell** bell) {
  int64_t id = -1;
  for (Doorbell& known : bells_) {
    if (!IsOfBell(fd, &known, &id)) continue;
    ++known.users;
    *bell = &known;
    return 0;
  }
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return EBADF;
  if (!IsEventfd(fd)) return EINVAL;
  const int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (duplicate < 0) return EAGAIN;
  const bool nonblocking = (flags & O_NONBLOCK) != 0;
  *bell = new (std::nothrow) Doorbell{duplicate, nonblocking, 1, id, {}};
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
