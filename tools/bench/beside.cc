#include "tools/bench/beside.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "asio/errors.h"

namespace uasio::bench {
namespace {

// Only async-signal-safe calls: other threads may have held locks in fork().
[[noreturn]] void Compute(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);  // It died before the prctl().
  for (volatile unsigned count = 0;; count = count + 1) continue;
}

}  // namespace

absl::Status Beside::Start(size_t count) {
  const pid_t parent = getpid();
  for (size_t i = 0; i < count; ++i) {
    const pid_t process = fork();
    if (process == 0) Compute(parent);
    if (process < 0) {
      return ErrnoStatus(errno, "cannot start a process that computes");
    }
    processes_.push_back(process);
  }
  return absl::OkStatus();
}

Beside::~Beside() {
  for (const pid_t process : processes_) kill(process, SIGKILL);
  for (const pid_t process : processes_) waitpid(process, nullptr, 0);
}

}  // namespace uasio::bench
