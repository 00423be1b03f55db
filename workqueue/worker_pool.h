// A WorkerPool is a set of threads that run work, first come, first served.
//
// Threads:   any may submit; go() and the hooks run in the pool's threads.
// Ownership: the work is the submitter's; it must live until it is back.
// Order:     highest priority first; FIFO within a priority.
// Blocks:    the destructor, until everything submitted has run.
// Bounds:    threads_max threads, those in stop_hook included; the backlog is
//            what its users submit.
// Forks:     in a forked child the destructor only forgets the threads, which
//            are not there; every other call ends the child.
// Errors:    if the system refuses every thread, work runs in Submit() or in a
//            thread that is ending, with nullptr as its WorkerThread and with
//            SIGPIPE and SIGXFSZ blocked.  If it refuses only some, and the
//            others are busy, work waits until RetryStart() starts a thread:
//            whoever waits for work to finish uses Await().
//
// Threads start lazily, up to threads_max, when more work waits than threads
// are idle.  A thread that is idle for idle_timeout ends if there are more than
// threads_min.  The thread that went idle last gets the next work, so that
// under a light load the others end.  All signals are blocked in the threads.
//
//   WorkerPoolOptions options;
//   options.threads_max = 4;
//   WorkerPool pool(options);
//   struct Hello : Work {};
//   Hello hello = {};
//   hello.go = [](WorkerThread*, Work* w) { ... };
//   pool.Submit(&hello);
//   pool.Submit([] { ... });  // Allocates memory.

#ifndef UASIO_WORKQUEUE_WORKER_POOL_H_
#define UASIO_WORKQUEUE_WORKER_POOL_H_

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "clists/clist.h"
#include "workqueue/deadline.h"
#include "workqueue/mutex.h"
#include "workqueue/owner.h"
#include "workqueue/raw_queue.h"
#include "workqueue/work.h"

namespace uasio {

struct WorkerPoolOptions {
  size_t threads_min = 0;  // Threads kept when idle, once started.
  size_t threads_max = 32;
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(10);
  size_t stack_bytes = 256 << 10;
  std::string thread_name = "uasio";  // Cut to 15 bytes by the kernel's rule.

  // start_hook is called in each thread before its first work, stop_hook after
  // its last.  What start_hook returns is passed to each go() of that thread
  // and to stop_hook.
  std::function<WorkerThread*()> start_hook;
  std::function<void(WorkerThread*)> stop_hook;

  // `run` runs one piece of work; `reply` hands it to its reply_to, and after
  // that the pool does not touch it.  For layers that use their own types in
  // place of Work and RawQueue.
  void (*run)(WorkerThread* thread, Work* w) =
      [](WorkerThread* thread, Work* w) { w->go(thread, w); };
  void (*reply)(Work* w) = [](Work* w) { w->reply_to->Put(w); };
};

class WorkerPool {
 public:
  // REQUIRES: 0 < threads_max, threads_min <= threads_max.
  explicit WorkerPool(WorkerPoolOptions options = {});
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Queues one, or all of `batch` (leaving it empty) under one lock.
  // REQUIRES: go is set; this is not a forked child of the pool's process.
  void Submit(Work* w);
  void Submit(WorkList* batch);

  // Runs `callable` once, without arguments, and then destroys it.  Allocates
  // memory for it; throws std::bad_alloc.  An exception that leaves the
  // callable ends the program.
  //   std::packaged_task<int()> task(&Compute);
  //   std::future<int> result = task.get_future();
  //   pool.Submit(std::move(task));
  // REQUIRES: options.run is the default; else as above.
  template <typename Callable, typename = std::enable_if_t<
                                   std::is_invocable_v<std::decay_t<Callable>>>>
  void Submit(Callable&& callable) {
    using Stored = Call<std::decay_t<Callable>>;
    auto call = std::make_unique<Stored>(std::forward<Callable>(callable));
    Submit(static_cast<Work*>(call.release()));
  }

  // As Submit(), but runs `w` in this thread if the system refuses a thread and
  // all others are busy.  For threads that do not wait for the work.
  // REQUIRES: `w` outlives the call.
  void SubmitOrRun(Work* w);

  // Asks again for threads that the system refused, if work still waits for
  // them; at most once in 100 ms.  Returns when whoever waits for the pool must
  // call it again; kNoDeadline: no thread is missing.
  Deadline RetryStart();

  // Waits for something that the pool's work brings about: calls wait(until)
  // and, between its calls, RetryStart().  Returns true once wait() does, and
  // false if it has not done so by `deadline`.
  template <typename Wait>
  bool Await(Deadline deadline, const Wait& wait) {
    for (;;) {
      const Deadline until = std::min(deadline, RetryStart());
      if (wait(until)) return true;
      if (until == deadline) return false;
    }
  }

  // Takes back work that no thread has begun.  False: it has begun or finished.
  [[nodiscard]] bool Cancel(const Work* w);

  // How many threads there are now, those in stop_hook included.
  [[nodiscard]] size_t threads() const noexcept {
    return thread_count_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] const WorkerPoolOptions& options() const noexcept {
    return options_;
  }

  // False in a forked child, which has none of the threads.
  [[nodiscard]] bool IsThisProcess() const noexcept {
    return creator_.IsThisProcess();
  }

  // CHECKs that.
  void CheckProcess() const;

 private:
  struct Thread {
    WorkerPool* pool;
    pthread_t id;
    Cnode node;  // On threads_ or ended_.
  };
  using ThreadList = Clist<Thread, &Thread::node>;

  // The work of a callable, which deletes itself.
  template <typename Callable>
  struct Call : Work {
    template <typename From>
    explicit Call(From&& from)
        : Work{{}, 0, nullptr, &Go}, callable(std::forward<From>(from)) {}

    static void Go(WorkerThread*, Work* w) noexcept {
      const std::unique_ptr<Call> call(static_cast<Call*>(w));
      std::move(call->callable)();
    }

    Callable callable;
  };

  static void* Main(void* thread);
  void Serve(Thread* self);
  WorkerThread* BeginThread();
  Work* NextWork();
  bool TryLeave();
  void EndThread(Thread* self);
  void Grow(size_t surplus);
  bool StartThreadsLocked(size_t surplus) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunHere();
  bool StartThreadLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run(WorkerThread* context, Work* w);
  static void Join(ThreadList* threads);

  const WorkerPoolOptions options_;
  const Owner creator_;
  RawQueue requests_;
  mutable Mutex mutex_;
  ThreadList threads_ ABSL_GUARDED_BY(mutex_);
  ThreadList ended_ ABSL_GUARDED_BY(mutex_);     // To be joined.
  size_t starting_ ABSL_GUARDED_BY(mutex_) = 0;  // Not asking for work yet.
  size_t leaving_ ABSL_GUARDED_BY(mutex_) = 0;   // Not asking any more.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<size_t> thread_count_{0};  // Of threads_; written under mutex_.

  // The system has refused a thread that may still be needed.  Written under
  // mutex_.
  std::atomic<bool> thread_missing_{false};
  Deadline retry_at_ ABSL_GUARDED_BY(mutex_) = kDontWait;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_WORKER_POOL_H_
