/* The pools of "ucw/workqueue.h": their hooks, threads and stacks. */

#include <signal.h>

#include "asio/compat/ucw/job_testing.h"
#include "asio/compat/ucw/ucw_testing.h"
#include "ucw/workqueue.h"

struct own_thread {
  struct worker_thread thread;
  int data;
};

/* What the hooks counted; init_thread and cleanup_thread run one at a time. */
static pthread_mutex_t seen_mutex = PTHREAD_MUTEX_INITIALIZER;
static int in_hook, allocated, inits, cleanups, freed;

static struct worker_thread* new_own_thread(void) {
  struct own_thread* t = (struct own_thread*)malloc(sizeof(*t));
  EXPECT(t != NULL);
  EXPECT(inits == 0);
  FILL_WITH_GARBAGE(*t);
  t->data = ++allocated;
  return &t->thread;
}

static void enter_hook(void) {
  EXPECT(pthread_mutex_lock(&seen_mutex) == 0);
  EXPECT(in_hook++ == 0);
  EXPECT(pthread_mutex_unlock(&seen_mutex) == 0);
  sched_yield(); /* So that another thread could enter. */
}

static void leave_hook(int* count) {
  EXPECT(pthread_mutex_lock(&seen_mutex) == 0);
  ++*count;
  EXPECT(--in_hook == 0);
  EXPECT(pthread_mutex_unlock(&seen_mutex) == 0);
}

static void init_own_thread(struct worker_thread* t) {
  enter_hook();
  EXPECT(allocated == THREADS);
  EXPECT(pthread_equal(t->thread, pthread_self()));
  EXPECT(t->id == inits);
  leave_hook(&inits);
}

static void cleanup_own_thread(struct worker_thread* t) {
  enter_hook();
  EXPECT(pthread_equal(t->thread, pthread_self()));
  leave_hook(&cleanups);
}

static void free_own_thread(struct worker_thread* t) {
  EXPECT(cleanups == THREADS);
  EXPECT(((struct own_thread*)t)->data == t->id + 1);
  freed++;
  free(t);
}

static void the_hooks_are_called_for_each_thread(void) {
  struct worker_pool pool;
  int id = 0;
  FILL_WITH_GARBAGE(pool);
  pool.num_threads = THREADS;
  pool.stack_size = 0;
  pool.new_thread = new_own_thread;
  pool.free_thread = free_own_thread;
  pool.init_thread = init_own_thread;
  pool.cleanup_thread = cleanup_own_thread;
  worker_pool_init(&pool);
  EXPECT(allocated == THREADS && inits == THREADS);
  EXPECT(cleanups == 0 && freed == 0);
  CLIST_FOR_EACH(struct worker_thread*, t, pool.worker_threads) {
    EXPECT(t->id == id++);
    EXPECT(t->pool == &pool);
    EXPECT(((struct own_thread*)t)->data == id);
  }
  EXPECT(id == THREADS);
  worker_pool_cleanup(&pool);
  EXPECT(cleanups == THREADS && freed == THREADS);
}

static void all_threads_of_a_pool_work_at_the_same_time(void) {
  struct worker_pool pool;
  struct work_queue queue;
  struct job jobs[THREADS];
  sem_t started, go_on;
  unsigned ids = 0;
  int i;
  EXPECT(sem_init(&started, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
  init_pool(&pool, THREADS);
  init_queue(&pool, &queue);
  for (i = 0; i < THREADS; i++) {
    set_job(&jobs[i], i, 0);
    jobs[i].started = &started;
    jobs[i].go_on = &go_on;
    work_submit(&queue, &jobs[i].work);
  }
  for (i = 0; i < THREADS; i++) wait_for(&started);
  EXPECT(work_try_wait(&queue) == NULL);
  for (i = 0; i < THREADS; i++) EXPECT(sem_post(&go_on) == 0);
  for (i = 0; i < THREADS; i++) {
    struct job* job = (struct job*)work_wait(&queue);
    EXPECT(job->thread->pool == &pool);
    EXPECT(pthread_equal(job->thread->thread, job->self));
    ids |= 1u << job->thread->id;
  }
  EXPECT(ids == (1u << THREADS) - 1);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
  sem_destroy(&started);
  sem_destroy(&go_on);
}

static size_t stack_bytes_seen;

static void look_at_the_stack(struct worker_thread* t, struct work* w) {
  pthread_attr_t attributes;
  (void)t;
  (void)w;
  EXPECT(pthread_getattr_np(pthread_self(), &attributes) == 0);
  EXPECT(pthread_attr_getstacksize(&attributes, &stack_bytes_seen) == 0);
  EXPECT(pthread_attr_destroy(&attributes) == 0);
}

static size_t stack_bytes_of(unsigned stack_size) {
  struct worker_pool pool;
  struct work_queue queue;
  struct work w;
  memset(&pool, 0, sizeof(pool));
  pool.num_threads = 1;
  pool.stack_size = stack_size;
  worker_pool_init(&pool);
  work_queue_init(&pool, &queue);
  memset(&w, 0, sizeof(w));
  w.go = look_at_the_stack;
  work_submit(&queue, &w);
  EXPECT(work_wait(&queue) == &w);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
  return stack_bytes_seen;
}

static void the_stack_is_as_large_as_asked(void) {
  pthread_attr_t attributes;
  size_t usual;
  EXPECT(pthread_attr_init(&attributes) == 0);
  EXPECT(pthread_attr_getstacksize(&attributes, &usual) == 0);
  EXPECT(pthread_attr_destroy(&attributes) == 0);
  EXPECT(stack_bytes_of(0) == usual);
  if (test_is_sanitized()) {
    printf("  not the small one: a sanitizer enlarges it\n");
  } else {
    EXPECT(stack_bytes_of(STACK_BYTES) == STACK_BYTES);
  }
}

static int freed_works;

static void free_work(struct worker_thread* t, struct work* w) {
  EXPECT(t->id == 0);
  freed_works++;
  free(w);
}

static void cleanup_runs_work_without_reply_to(void) {
  struct worker_pool pool;
  int i;
  freed_works = 0;
  init_pool(&pool, 1);
  for (i = 0; i < 100; i++) {
    struct work* w = (struct work*)calloc(1, sizeof(*w));
    EXPECT(w != NULL);
    w->priority = (unsigned)i % 3;
    w->go = free_work;
    raw_queue_put(&pool.requests, w);
  }
  worker_pool_cleanup(&pool);
  EXPECT(freed_works == 100);
}

static sigset_t signals_seen;

static void look_at_the_signals(struct worker_thread* t, struct work* w) {
  (void)t;
  (void)w;
  EXPECT(pthread_sigmask(SIG_BLOCK, NULL, &signals_seen) == 0);
}

static void the_threads_have_the_signal_mask_of_their_creator(void) {
  struct worker_pool pool;
  struct work_queue queue;
  struct job job;
  sigset_t blocked, before;
  EXPECT(sigemptyset(&blocked) == 0 && sigaddset(&blocked, SIGUSR1) == 0);
  EXPECT(pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0);
  init_pool(&pool, 1);
  EXPECT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
  init_queue(&pool, &queue);
  set_job(&job, 0, 0);
  job.work.go = look_at_the_signals;
  work_submit(&queue, &job.work);
  EXPECT(work_wait(&queue) == &job.work);
  EXPECT(sigismember(&signals_seen, SIGUSR1) == 1);
  EXPECT(sigismember(&signals_seen, SIGTERM) == 0);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
}

int main(void) {
  RUN(the_hooks_are_called_for_each_thread);
  RUN(all_threads_of_a_pool_work_at_the_same_time);
  RUN(the_stack_is_as_large_as_asked);
  RUN(the_threads_have_the_signal_mask_of_their_creator);
  RUN(cleanup_runs_work_without_reply_to);
  return 0;
}
