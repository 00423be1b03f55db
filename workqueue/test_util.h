// What the tests of this folder wait with, and the work that they submit.

#ifndef UASIO_WORKQUEUE_TEST_UTIL_H_
#define UASIO_WORKQUEUE_TEST_UTIL_H_

#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "workqueue/mutex.h"
#include "workqueue/work.h"

namespace uasio {

// Counts events; a thread can wait for the nth.
class Counter {
 public:
  void Add(size_t events = 1) {
    MutexLock lock(&mutex_);
    count_ += events;
    changed_.NotifyAll();
  }
  void WaitFor(size_t events) {
    MutexLock lock(&mutex_);
    while (count_ < events) changed_.Wait(&mutex_);
  }
  size_t count() {
    MutexLock lock(&mutex_);
    return count_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Shut until it is opened, for good.
class Gate {
 public:
  void Open() { opened_.Add(); }
  void Wait() { opened_.WaitFor(1); }

 private:
  Counter opened_;
};

// A list that threads may append to.
template <typename T>
class Log {
 public:
  void Add(T entry) {
    MutexLock lock(&mutex_);
    entries_.push_back(std::move(entry));
  }
  std::vector<T> entries() {
    MutexLock lock(&mutex_);
    return entries_;
  }

 private:
  Mutex mutex_;
  std::vector<T> entries_ ABSL_GUARDED_BY(mutex_);
};

// Work that calls a function.
struct Job : work {
  using Function = std::function<void(worker_thread*)>;

  explicit Job(Function f, unsigned job_priority = 0)
      : work{}, function(std::move(f)) {
    priority = job_priority;
    go = [](worker_thread* thread, work* w) {
      static_cast<Job*>(w)->function(thread);
    };
  }

  Function function;
};

inline pid_t ThreadId() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// Returns once the kernel says that the thread `id` of this process sleeps.
// False: it has ended.
inline bool UntilAsleep(pid_t id) {
  const std::string path = "/proc/self/task/" + std::to_string(id) + "/stat";
  for (;;) {
    std::ifstream file(path);
    std::string stat;
    if (!std::getline(file, stat)) return false;
    const size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos || name_end + 2 >= stat.size()) {
      return false;
    }
    const char state = stat[name_end + 2];
    if (state == 'S') return true;
    if (state == 'X' || state == 'Z') return false;
    sched_yield();
  }
}

class EventFd {
 public:
  EventFd() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~EventFd() { close(fd_); }
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  int fd() const { return fd_; }

  // How many times it was written since the last Read().
  uint64_t Read() {
    eventfd_t value = 0;
    return eventfd_read(fd_, &value) == 0 ? value : 0;
  }

  void WaitReadable() {
    pollfd poll_fd = {fd_, POLLIN, 0};
    while (poll(&poll_fd, 1, -1) != 1) {
    }
  }

 private:
  const int fd_;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_TEST_UTIL_H_
