// For tests of threads: counters, gates, logs, work to submit, and a moment
// without threads.

#ifndef UASIO_ASIO_TESTING_THREADS_H_
#define UASIO_ASIO_TESTING_THREADS_H_

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "workqueue/mutex.h"
#include "workqueue/work.h"
#include "workqueue/worker_pool.h"

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

// Wait() blocks until Open() has been called; it stays open.
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
struct Job : Work {
  using Function = std::function<void(WorkerThread*)>;

  explicit Job(Function f, unsigned job_priority = 0)
      : Work{}, function(std::move(f)) {
    priority = job_priority;
    go = [](WorkerThread* thread, Work* w) {
      static_cast<Job*>(w)->function(thread);
    };
  }

  Function function;
};

inline pid_t ThreadId() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// Spins until the thread `id` of this process sleeps, according to /proc.
// False: the thread has ended.
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

// Work that occupies a thread of a pool until Open().
class PoolGate : public Job {
 public:
  PoolGate()
      : Job([this](WorkerThread*) {
          entered_.Open();
          opened_.Wait();
        }) {}

  // Blocks until a thread of the pool waits here.
  void Stop(WorkerPool* pool) {
    pool->Submit(this);
    entered_.Wait();
  }

  void Open() { opened_.Open(); }

 private:
  Gate entered_, opened_;
};

// During its lifetime the system refuses threads with stacks of kBigStackBytes.
class NoRoomForStacks {
 public:
  static constexpr size_t kBigStackBytes = 64 << 20;

  NoRoomForStacks() {
    size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const size_t used = pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
    if (getrlimit(RLIMIT_AS, &before_) != 0) std::abort();
    const rlimit limit = {used + kBigStackBytes / 2, before_.rlim_max};
    if (setrlimit(RLIMIT_AS, &limit) != 0) std::abort();
  }
  ~NoRoomForStacks() { setrlimit(RLIMIT_AS, &before_); }
  NoRoomForStacks(const NoRoomForStacks&) = delete;
  NoRoomForStacks& operator=(const NoRoomForStacks&) = delete;

 private:
  rlimit before_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_THREADS_H_
