// A WriteSignalsBlocked keeps the signals of failed writes from the program:
// SIGPIPE, of a pipe or socket without a reader, and SIGXFSZ, of a file that
// reaches RLIMIT_FSIZE.  While it lives they are blocked in its thread; at its
// end those that were raised meanwhile are discarded.  The write itself fails
// with EPIPE or EFBIG.
//
// Signals of other kinds, and ones that were pending before, stay.  errno is
// left as it is.  Costs three system calls; a write to a file with a size needs
// it only if MayReachFileSizeLimit(), which costs one.
//
//   const WriteSignalsBlocked signals_blocked;
//   if (ftruncate(fd, size) != 0) ...

#ifndef UASIO_WORKQUEUE_WRITE_SIGNALS_BLOCKED_H_
#define UASIO_WORKQUEUE_WRITE_SIGNALS_BLOCKED_H_

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include <initializer_list>

namespace uasio {

// Whether a write to a file with a size may raise SIGXFSZ; it never raises
// SIGPIPE.  Whoever sets a first limit at the same moment may get the signal.
inline bool MayReachFileSizeLimit() {
  rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) != 0 ||
         limit.rlim_cur != RLIM_INFINITY;
}

class WriteSignalsBlocked {
 public:
  // Does nothing unless `writes`: what follows may write.
  explicit WriteSignalsBlocked(bool writes = true) : active_(writes) {
    if (active_) Block();
  }
  ~WriteSignalsBlocked() {
    if (active_) DiscardAndUnblock();
  }

  WriteSignalsBlocked(const WriteSignalsBlocked&) = delete;
  WriteSignalsBlocked& operator=(const WriteSignalsBlocked&) = delete;

 private:
  void Block() {
    sigemptyset(&raised_);
    sigaddset(&raised_, SIGPIPE);
    sigaddset(&raised_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &raised_, &before_);
    for (int signal : {SIGPIPE, SIGXFSZ}) {
      if (WasPending(signal)) sigdelset(&raised_, signal);
    }
  }

  // A signal that was not blocked is not pending: it would have come.
  bool WasPending(int signal) const {
    sigset_t pending;
    return sigismember(&before_, signal) == 1 && sigpending(&pending) == 0 &&
           sigismember(&pending, signal) == 1;
  }

  void DiscardAndUnblock() {
    const int error = errno;
    const timespec now = {};
    while (sigtimedwait(&raised_, nullptr, &now) > 0 || errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }

  const bool active_;
  sigset_t before_;
  sigset_t raised_;  // What is discarded at the end.
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_WRITE_SIGNALS_BLOCKED_H_
