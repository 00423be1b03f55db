// A SignalsBlocked blocks all signals in its thread while it lives.  Threads
// created meanwhile inherit that signal mask, and keep it.
//
//   const SignalsBlocked signals_blocked;
//   pthread_create(...);

#ifndef UASIO_WORKQUEUE_SIGNALS_BLOCKED_H_
#define UASIO_WORKQUEUE_SIGNALS_BLOCKED_H_

#include <pthread.h>
#include <signal.h>

namespace uasio {

class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_SIGNALS_BLOCKED_H_
