// Waits until a thread is blocked in a system call.

#ifndef UASIO_ASIO_TESTING_THREAD_PROBE_H_
#define UASIO_ASIO_TESTING_THREAD_PROBE_H_

#include <fcntl.h>
#include <sched.h>
#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "asio/testing/fd.h"

namespace uasio {

// Observes a thread of this process, through /proc.
class ThreadProbe {
 public:
  explicit ThreadProbe(pid_t tid)
      : file_(open(
            ("/proc/self/task/" + std::to_string(tid) + "/syscall").c_str(),
            O_RDONLY | O_CLOEXEC)) {}

  // Spins until the thread is blocked in the system call `number`.  With
  // `seen`, waits for a call whose arguments differ from `*seen`, and stores
  // them there.  False: the thread has ended, or /proc does not show its system
  // calls.
  bool WaitUntilBlockedIn(long number, std::string* seen = nullptr) const {
    const std::string wanted = std::to_string(number) + " ";
    while (true) {
      char line[256];
      const ssize_t n = pread(file_.get(), line, sizeof(line), 0);
      if (n <= 0) return false;
      std::string words(line, static_cast<size_t>(n));
      if (words.compare(0, wanted.size(), wanted) == 0) {
        if (seen == nullptr) return true;
        if (words != std::exchange(*seen, words)) return true;
      }
      sched_yield();
    }
  }

 private:
  const Fd file_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_THREAD_PROBE_H_
