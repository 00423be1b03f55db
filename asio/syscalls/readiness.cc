#include "asio/syscalls/readiness.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <new>
#include <utility>

#include "workqueue/check.h"
#include "workqueue/signals_blocked.h"

namespace uasio {
namespace {

constexpr int kEventsAtOnce = 64;

// epoll_ctl(2): 0 or an errno.
int Control(int epoll_fd, int operation, int fd, uint32_t events) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  return epoll_ctl(epoll_fd, operation, fd, &event) == 0 ? 0 : errno;
}

int CreateThread(pthread_t* thread, void* (*main)(void*), void* argument) {
  const SignalsBlocked signals_blocked;
  return pthread_create(thread, nullptr, main, argument);
}

}  // namespace

void Readiness::ReadyList::Add(Watch* watch) {
  watch->next_ready = nullptr;
  *end_ = watch;
  end_ = &watch->next_ready;
}

// ready() may add the watch again, or free it.
void Readiness::ReadyList::CallAll() {
  while (Watch* watch = first_) {
    first_ = watch->next_ready;
    watch->ready(watch);
  }
}

Readiness::~Readiness() {
  creator_.IsThisProcess() ? StopThread() : ForgetThread();
}

void Readiness::StopThread() {
  {
    MutexLock lock(&mutex_);
    UASIO_CHECK(watches_.empty(), "~Readiness: fds are still watched");
    if (!started_) return;
    stopping_ = true;
    renewed_.NotifyAll();
    UASIO_CHECK(epoll_fd_ < 0 || eventfd_write(stop_fd_, 1) == 0,
                "a program must not close fds that it did not open");
  }
  pthread_join(thread_, nullptr);
  MutexLock lock(&mutex_);
  CloseLocked();
}

// For a forked child, where no other thread uses this object.
void Readiness::ForgetThread() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (mutex_.TryLock()) {
    mutex_.Unlock();
  } else {  // A thread was changing the map during the fork.
    static_cast<void>(new WatchMap(std::move(watches_)));
  }
  CloseLocked();  // The fork may have caught them before the thread started.
}

int Readiness::Add(Watch* watch, const std::atomic<bool>* unless) {
  MutexLock lock(&mutex_);
  if (unless != nullptr && *unless) return ECANCELED;
  if (int error = StartLocked()) return error;
  WatchList* const found = FindOrAddLocked(watch->fd);
  if (found == nullptr) return ENOMEM;
  WatchList& watches = *found;
  watches.AddTail(watch);
  const int error = ArmLocked(watch->fd, watches);
  if (error != 0) {
    WatchList::Remove(watch);
    if (watches.empty()) watches_.erase(watch->fd);
  }
  return error;
}

bool Readiness::Cancel(Watch* watch) {
  MutexLock lock(&mutex_);
  if (!WatchList::IsLinked(watch)) return false;
  WatchList::Remove(watch);
  if (watches_[watch->fd].empty()) DisarmLocked(watch->fd);
  return true;
}

void* Readiness::Main(void* self) {
  pthread_setname_np(pthread_self(), "uasio-readiness");
  static_cast<Readiness*>(self)->Serve();
  return nullptr;
}

void Readiness::Serve() {
  epoll_event events[kEventsAtOnce];
  while (true) {
    const int count = epoll_wait(epoll_fd_, events, kEventsAtOnce, -1);
    if (count < 0 && errno != EINTR && !Renew()) return;
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == stop_fd_) return;
      Fire(events[i].data.fd, events[i].events);
    }
  }
}

void Readiness::Fire(int fd, uint32_t events) {
  ReadyList ready;
  {
    MutexLock lock(&mutex_);
    const auto found = watches_.find(fd);
    if (found == watches_.end()) return;  // Cancelled meanwhile.
    TakeReadyLocked(&found->second, events, &ready);
    if (found->second.empty()) {
      DisarmLocked(fd);
    } else if (ArmLocked(fd, found->second) != 0) {
      // The fd is closed; the system calls of its users will report that.
      TakeReadyLocked(&found->second, EPOLLERR, &ready);
      watches_.erase(found);
    }
  }
  ready.CallAll();
}

// The epoll fd was closed by somebody else.  All watches become ready; the
// system calls of their users report the state of the fds.  Then waits until an
// Add() has opened new fds; false: the thread must end.
bool Readiness::Renew() {
  ReadyList ready;
  {
    MutexLock lock(&mutex_);
    epoll_fd_ = stop_fd_ = -1;  // Other files may have the numbers.
    for (auto& entry : watches_) {
      TakeReadyLocked(&entry.second, EPOLLERR, &ready);
    }
    watches_.clear();
  }
  ready.CallAll();
  MutexLock lock(&mutex_);
  while (epoll_fd_ < 0 && !stopping_) renewed_.Wait(&mutex_);
  return !stopping_;
}

void Readiness::TakeReadyLocked(WatchList* watches, uint32_t events,
                                ReadyList* ready) {
  for (Watch& watch : watches->removable()) {
    if ((events & (watch.events | EPOLLERR | EPOLLHUP)) == 0) continue;
    WatchList::Remove(&watch);
    ready->Add(&watch);
  }
}

int Readiness::StartLocked() {
  if (epoll_fd_ >= 0) return 0;
  if (int error = OpenLocked()) return error;
  if (started_) return renewed_.NotifyAll(), 0;
  const int error = CreateThread(&thread_, &Main, this);
  if (error != 0) CloseLocked();
  started_ = error == 0;
  return error;
}

int Readiness::OpenLocked() {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  const int error = epoll_fd_ < 0 || stop_fd_ < 0
                        ? errno
                        : Control(epoll_fd_, EPOLL_CTL_ADD, stop_fd_, EPOLLIN);
  if (error != 0) CloseLocked();
  return error;
}

void Readiness::CloseLocked() {
  for (int* fd : {&epoll_fd_, &stop_fd_}) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
}

// nullptr: no memory.
Readiness::WatchList* Readiness::FindOrAddLocked(int fd) {
  try {
    return &watches_[fd];
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// With EPOLLONESHOT, each event disarms the fd.
int Readiness::ArmLocked(int fd, const WatchList& watches) {
  uint32_t events = EPOLLONESHOT;
  for (const Watch& watch : watches) events |= watch.events;
  const int error = Control(epoll_fd_, EPOLL_CTL_MOD, fd, events);
  if (error != ENOENT) return error;
  return Control(epoll_fd_, EPOLL_CTL_ADD, fd, events);
}

void Readiness::DisarmLocked(int fd) {
  Control(epoll_fd_, EPOLL_CTL_DEL, fd, 0);
  watches_.erase(fd);
}

}  // namespace uasio
