// libucw's work queues on uasio's.
//
//   struct raw_queue     a RawQueue; or, as a pool's `requests`, its WorkerPool
//   struct worker_pool   a Threads: a WorkerPool, and libucw's hooks
//   struct work_queue    its `finished`, to which the pool replies
//
// A struct work has the layout of a uasio::Work, and is cast to one.
//
// uasio::WorkQueue is not used: it belongs to one thread, while libucw's work
// queue may move between threads, and reply_to must point to it.

#define CONFIG_UCW_CLEAN_ABI

#include "ucw/workqueue.h"

#include <pthread.h>
#include <signal.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "asio/compat/ucw/plain_names.h"
#include "workqueue/check.h"
#include "workqueue/mutex.h"
#include "workqueue/raw_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

static_assert(sizeof(work) == sizeof(Work));
static_assert(offsetof(work, n) == offsetof(Work, n));
static_assert(offsetof(cnode, next) == offsetof(Cnode, next));
static_assert(offsetof(cnode, prev) == offsetof(Cnode, prev));
static_assert(offsetof(work, priority) == offsetof(Work, priority));
static_assert(offsetof(work, reply_to) == offsetof(Work, reply_to));
static_assert(offsetof(work, go) == offsetof(Work, go));

Work* FromUcw(work* w) { return reinterpret_cast<Work*>(w); }
work* ToUcw(Work* w) { return reinterpret_cast<work*>(w); }
worker_thread* ToUcw(WorkerThread* t) {
  return reinterpret_cast<worker_thread*>(t);
}

size_t SystemStackBytes() {
  size_t bytes = 0;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_getstacksize(&attributes, &bytes);
  pthread_attr_destroy(&attributes);
  return bytes;
}

// nullptr for a pool's `requests`.
RawQueue* QueueOf(const raw_queue* q) {
  return reinterpret_cast<RawQueue*>(q->queue_sem);
}

// nullptr for any other queue.
WorkerPool* PoolOf(const raw_queue* q) {
  return reinterpret_cast<WorkerPool*>(q->pri_heap);
}

work* Get(const raw_queue* q, Deadline deadline) {
  UASIO_CHECK(PoolOf(q) == nullptr,
              "raw_queue_get: only a pool's threads take its requests");
  return ToUcw(QueueOf(q)->Get(deadline));
}

// The threads of a worker_pool, which all run from its init to its cleanup.
class Threads {
 public:
  explicit Threads(worker_pool* p)
      : pool_(p),
        next_(static_cast<cnode*>(clist_head(&p->worker_threads))),
        workers_(Options()) {
    pthread_sigmask(SIG_SETMASK, nullptr, &signal_mask_);
  }

  WorkerPool* workers() { return &workers_; }

  // Returns when all have begun.  Ends the program if the system refuses one.
  void Start();

 private:
  // Work that keeps its thread busy until all threads have begun.
  struct FirstWork : work {
    pthread_barrier_t* all_begun;
    bool refused = false;  // The system refused a thread to run it.
  };

  WorkerPoolOptions Options();
  worker_thread* Begin();
  void End(worker_thread* t);
  static void RunFirstWork(worker_thread* t, work* w);

  worker_pool* const pool_;
  sigset_t signal_mask_;  // Of the thread that made the pool.
  Mutex hook_mutex_;      // Held by the thread that is in a hook.
  cnode* next_ ABSL_GUARDED_BY(hook_mutex_);  // The next to begin.
  WorkerPool workers_;
};

WorkerPoolOptions Threads::Options() {
  WorkerPoolOptions options;
  options.threads_min = options.threads_max = pool_->num_threads;
  options.stack_bytes =
      pool_->stack_size > 0 ? pool_->stack_size : SystemStackBytes();
  options.start_hook = [this] {
    return reinterpret_cast<WorkerThread*>(Begin());
  };
  options.stop_hook = [this](WorkerThread* t) { End(ToUcw(t)); };
  options.run = [](WorkerThread* t, Work* w) {
    ToUcw(w)->go(ToUcw(t), ToUcw(w));
  };
  options.reply = [](Work* w) {
    QueueOf(&ToUcw(w)->reply_to->finished)->Put(w);
  };
  return options;
}

// As in libucw, the threads have the signal mask of their creator, and so have
// processes that go() may start.
worker_thread* Threads::Begin() {
  pthread_sigmask(SIG_SETMASK, &signal_mask_, nullptr);
  MutexLock lock(&hook_mutex_);
  worker_thread* t = reinterpret_cast<worker_thread*>(next_);
  next_ = next_->next;
  t->thread = pthread_self();
  if (pool_->init_thread != nullptr) pool_->init_thread(t);
  return t;
}

void Threads::End(worker_thread* t) {
  MutexLock lock(&hook_mutex_);
  if (pool_->cleanup_thread != nullptr) pool_->cleanup_thread(t);
}

void Threads::Start() {
  const unsigned count = pool_->num_threads;
  pthread_barrier_t all_begun;
  pthread_barrier_init(&all_begun, nullptr, count);
  work_queue queue;
  work_queue_init(pool_, &queue);
  std::vector<FirstWork> works(count);
  bool refused = false;
  for (FirstWork& first : works) {
    first.go = &RunFirstWork;
    first.all_begun = &all_begun;
    work_submit(&queue, &first);
    refused = first.refused;
    if (refused) break;  // The barrier will never open.
  }
  if (refused || workers_.threads() < count) {
    std::fprintf(stderr,
                 "uasio: worker_pool_init: the system allows only %zu of %u "
                 "threads with %zu bytes of stack\n",
                 workers_.threads(), count, workers_.options().stack_bytes);
    std::exit(1);
  }
  while (work_wait(&queue) != nullptr) {
  }
  work_queue_cleanup(&queue);
  pthread_barrier_destroy(&all_begun);
}

// Start() itself runs it, with t == nullptr, if no thread can be started.
void Threads::RunFirstWork(worker_thread* t, work* w) {
  FirstWork* first = static_cast<FirstWork*>(w);
  if (t == nullptr) {
    first->refused = true;
  } else {
    pthread_barrier_wait(first->all_begun);
  }
}

Threads* ThreadsOf(const worker_pool* p) {
  return reinterpret_cast<Threads*>(p->init_cleanup_sem);
}

void AddThread(worker_pool* p, int id) {
  worker_thread* t =
      p->new_thread != nullptr
          ? p->new_thread()
          : static_cast<worker_thread*>(std::calloc(1, sizeof(worker_thread)));
  UASIO_CHECK(t != nullptr, "worker_pool_init: new_thread() returned NULL");
  t->pool = p;
  t->id = id;
  clist_add_tail(&p->worker_threads, &t->n);
}

void FreeThread(const worker_pool* p, worker_thread* t) {
  if (p->free_thread != nullptr) {
    p->free_thread(t);
  } else {
    std::free(t);
  }
}

}  // namespace
}  // namespace uasio

using uasio::PoolOf;
using uasio::QueueOf;

void worker_pool_init(struct worker_pool* p) {
  UASIO_CHECK(p->num_threads > 0,
              "worker_pool_init: num_threads must not be 0");
  clist_init(&p->worker_threads);
  for (unsigned id = 0; id < p->num_threads; ++id) {
    uasio::AddThread(p, static_cast<int>(id));
  }
  auto* threads = new uasio::Threads(p);
  p->init_cleanup_sem = reinterpret_cast<sem_t*>(threads);
  p->requests.queue_sem = nullptr;
  p->requests.pri_heap = reinterpret_cast<work**>(threads->workers());
  threads->Start();
}

void worker_pool_cleanup(struct worker_pool* p) {
  delete uasio::ThreadsOf(p);
  while (void* t = clist_remove_head(&p->worker_threads)) {
    uasio::FreeThread(p, static_cast<worker_thread*>(t));
  }
}

void raw_queue_init(struct raw_queue* q) {
  q->queue_sem = reinterpret_cast<sem_t*>(new uasio::RawQueue);
  q->pri_heap = nullptr;
}

void raw_queue_cleanup(struct raw_queue* q) {
  UASIO_CHECK(QueueOf(q)->empty(),
              "raw_queue_cleanup: work still waits in the queue");
  delete QueueOf(q);
}

void raw_queue_put(struct raw_queue* q, struct work* w) {
  if (uasio::WorkerPool* pool = PoolOf(q)) {
    pool->Submit(uasio::FromUcw(w));
  } else {
    QueueOf(q)->Put(uasio::FromUcw(w));
  }
}

struct work* raw_queue_get(struct raw_queue* q) {
  return uasio::Get(q, uasio::kNoDeadline);
}

struct work* raw_queue_try_get(struct raw_queue* q) {
  return uasio::Get(q, uasio::kDontWait);
}

void work_queue_init(struct worker_pool* p, struct work_queue* q) {
  q->pool = p;
  q->nr_running = 0;
  raw_queue_init(&q->finished);
}

void work_queue_cleanup(struct work_queue* q) {
  // The pool may be gone when nothing runs.
  if (q->nr_running > 0 && !PoolOf(&q->pool->requests)->IsThisProcess()) {
    delete QueueOf(&q->finished);
    return;
  }
  UASIO_CHECK(q->nr_running == 0,
              "work_queue_cleanup: work is still running, or was not waited "
              "for");
  raw_queue_cleanup(&q->finished);
}

void work_submit(struct work_queue* q, struct work* w) {
  w->reply_to = q;
  ++q->nr_running;
  PoolOf(&q->pool->requests)->Submit(uasio::FromUcw(w));
}

struct work* work_wait(struct work_queue* q) {
  if (q->nr_running == 0) return nullptr;
  PoolOf(&q->pool->requests)->CheckProcess();
  --q->nr_running;
  return uasio::ToUcw(QueueOf(&q->finished)->Get(uasio::kNoDeadline));
}

struct work* work_try_wait(struct work_queue* q) {
  if (q->nr_running == 0) return nullptr;
  PoolOf(&q->pool->requests)->CheckProcess();
  struct work* w = uasio::ToUcw(QueueOf(&q->finished)->TryGet());
  if (w != nullptr) --q->nr_running;
  return w;
}

UCW_ALSO_PLAIN(raw_queue_cleanup);
UCW_ALSO_PLAIN(raw_queue_get);
UCW_ALSO_PLAIN(raw_queue_init);
UCW_ALSO_PLAIN(raw_queue_put);
UCW_ALSO_PLAIN(raw_queue_try_get);
UCW_ALSO_PLAIN(work_queue_cleanup);
UCW_ALSO_PLAIN(work_queue_init);
UCW_ALSO_PLAIN(work_submit);
UCW_ALSO_PLAIN(work_try_wait);
UCW_ALSO_PLAIN(work_wait);
UCW_ALSO_PLAIN(worker_pool_cleanup);
UCW_ALSO_PLAIN(worker_pool_init);
