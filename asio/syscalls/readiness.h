// A Readiness reports when fds become ready to read or write.  It has one epoll
// thread, started by the first watch, for any number of fds.
//
// Threads:   any may add and cancel; Watch::ready runs in the epoll thread.
// Ownership: a watch is the caller's, and must live until it is cancelled or
//            ready() is called; the fd must stay open as long.
// Order:     all watches of an fd that are satisfied become ready at once.
// Blocks:    only the destructor, until the thread has ended.
// Errors:    Add() returns an errno.  If the program closes a watched fd or the
//            epoll fd, as by close_range(2), watches may wait for ever.  Once
//            the epoll thread notices, all watches become ready, and the next
//            Add() opens new fds.  No other error outlasts its Add().
//
//   watch.fd = fd, watch.events = EPOLLIN;
//   watch.ready = [](Readiness::Watch* watch) { ... };
//   int error = readiness.Add(&watch, /*unless=*/nullptr);

#ifndef UASIO_ASIO_SYSCALLS_READINESS_H_
#define UASIO_ASIO_SYSCALLS_READINESS_H_

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <unordered_map>

#include "clists/clist.h"
#include "workqueue/mutex.h"
#include "workqueue/owner.h"

namespace uasio {

class Readiness {
 public:
  struct Watch {
    int fd = -1;
    uint32_t events = 0;  // EPOLLIN or EPOLLOUT; errors make ready as well.
    void (*ready)(Watch* watch) = nullptr;
    Cnode node = {nullptr, nullptr};
    Watch* next_ready = nullptr;  // In a ReadyList.
  };

  Readiness() = default;
  // REQUIRES: nothing is watched, and nobody else has closed its fds; or this
  // is a forked child.  In a child it closes the child's fds.  It leaks the map
  // of watches if a thread was changing the map during the fork.
  ~Readiness();

  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // Watches until the fd is ready, perhaps at once; then ready() is called,
  // once.  Returns 0, or an errno if nothing is watched:
  // - ECANCELED: `unless` is not null, and `*unless` is true;
  // - EPERM: such an fd is always ready;
  // - EBADF: the fd is not open, or the epoll fd was closed just now;
  // - any other: there is no epoll fd, no memory or no thread.
  int Add(Watch* watch, const std::atomic<bool>* unless);

  // True: ready() has not been called, and will not be.  False: it has been or
  // will be called, or nothing was watched.
  bool Cancel(Watch* watch);

 private:
  using WatchList = Clist<Watch, &Watch::node>;
  using WatchMap = std::unordered_map<int, WatchList>;

  // Watches whose fds are ready, until their ready() is called.
  class ReadyList {
   public:
    void Add(Watch* watch);
    void CallAll();

   private:
    Watch* first_ = nullptr;
    Watch** end_ = &first_;
  };

  void StopThread();
  void ForgetThread();
  static void* Main(void* self);
  void Serve();
  void Fire(int fd, uint32_t events);
  bool Renew();
  void TakeReadyLocked(WatchList* watches, uint32_t events, ReadyList* ready)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  int StartLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int OpenLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  WatchList* FindOrAddLocked(int fd) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int ArmLocked(int fd, const WatchList& watches)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DisarmLocked(int fd) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Owner creator_;
  Mutex mutex_;
  WatchMap watches_ ABSL_GUARDED_BY(mutex_);
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  CondVar renewed_;  // Notified when Renew() should look again.

  // Set by StartLocked(), while there is no thread or it waits in Renew().
  pthread_t thread_;
  int epoll_fd_ = -1;
  int stop_fd_ = -1;  // An eventfd; a write to it ends the thread.
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_READINESS_H_
