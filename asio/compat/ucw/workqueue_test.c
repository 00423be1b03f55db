/* Every function of "ucw/workqueue.h", with its hooks and what the structs
 * promise. */

#include "ucw/workqueue.h"

#include "asio/compat/ucw/ucw_testing.h"

enum { THREADS = 4, STACK_BYTES = 65536 };

/* A pool without hooks, and the rest of it garbage. */
static void init_pool(struct worker_pool* pool, unsigned threads) {
  FILL_WITH_GARBAGE(*pool);
  pool->num_threads = threads;
  pool->stack_size = STACK_BYTES;
  pool->new_thread = NULL;
  pool->free_thread = NULL;
  pool->init_thread = NULL;
  pool->cleanup_thread = NULL;
  worker_pool_init(pool);
}

static void init_queue(struct worker_pool* pool, struct work_queue* queue) {
  FILL_WITH_GARBAGE(*queue);
  work_queue_init(pool, queue);
}

/* A piece of work, the rest of it garbage, and what it saw when it ran. */
struct job {
  struct work work;
  int id;
  struct worker_thread* thread; /* NULL: it has not run. */
  struct work_queue* replied_to;
  pthread_t self;
  sem_t *started, *go_on; /* Posted, and waited for, where set. */
};

static void run_job(struct worker_thread* t, struct work* w) {
  struct job* job = (struct job*)w;
  job->thread = t;
  job->replied_to = w->reply_to;
  job->self = pthread_self();
  if (job->started != NULL) EXPECT(sem_post(job->started) == 0);
  if (job->go_on != NULL) wait_for(job->go_on);
}

static struct work* set_job(struct job* job, int id, unsigned priority) {
  FILL_WITH_GARBAGE(*job);
  job->work.priority = priority;
  job->work.go = run_job;
  job->id = id;
  job->thread = NULL;
  job->started = job->go_on = NULL;
  return &job->work;
}

static int id_of(struct work* w) {
  return w == NULL ? -1 : ((struct job*)w)->id;
}

/* ---- Raw queues ---- */

static void a_raw_queue_is_fifo_within_a_priority(void) {
  static const unsigned priorities[] = {0, 0, 2, 1, 2, 0};
  static const int order[] = {2, 4, 3, 0, 1, 5};
  struct job jobs[6];
  struct raw_queue queue;
  int i;
  FILL_WITH_GARBAGE(queue);
  raw_queue_init(&queue);
  EXPECT(raw_queue_try_get(&queue) == NULL);
  for (i = 0; i < 6; i++) {
    raw_queue_put(&queue, set_job(&jobs[i], i, priorities[i]));
  }
  for (i = 0; i < 3; i++) EXPECT(id_of(raw_queue_get(&queue)) == order[i]);
  for (; i < 6; i++) EXPECT(id_of(raw_queue_try_get(&queue)) == order[i]);
  EXPECT(raw_queue_try_get(&queue) == NULL);
  raw_queue_cleanup(&queue);
}

struct pair_of_queues {
  struct raw_queue there, back;
};

static void* send_back(void* arg) {
  struct pair_of_queues* pair = (struct pair_of_queues*)arg;
  int i;
  for (i = 0; i < 1000; i++) {
    raw_queue_put(&pair->back, raw_queue_get(&pair->there));
  }
  return NULL;
}

static void raw_queues_pass_work_between_threads(void) {
  struct pair_of_queues pair;
  struct job jobs[10];
  pthread_t thread;
  int i;
  raw_queue_init(&pair.there);
  raw_queue_init(&pair.back);
  EXPECT(pthread_create(&thread, NULL, send_back, &pair) == 0);
  for (i = 0; i < 10; i++) raw_queue_put(&pair.there, set_job(&jobs[i], i, 0));
  for (i = 0; i < 1000; i++) {
    struct work* w = raw_queue_get(&pair.back);
    EXPECT(id_of(w) == i % 10);
    if (i < 990) raw_queue_put(&pair.there, w);
  }
  EXPECT(pthread_join(thread, NULL) == 0);
  raw_queue_cleanup(&pair.there);
  raw_queue_cleanup(&pair.back);
}

/* ---- Pools ---- */

struct own_thread {
  struct worker_thread thread;
  int data;
};

/* What the hooks saw; those in the threads are one at a time. */
static pthread_mutex_t seen_mutex = PTHREAD_MUTEX_INITIALIZER;
static int in_hook, allocated, inits, inits_of[THREADS], cleanups, freed;

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
  sched_yield(); /* So that another would enter as well, if it could. */
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
  EXPECT(t->id >= 0 && t->id < THREADS);
  EXPECT(inits_of[t->id]++ == 0);
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

static void cleanup_runs_what_nobody_waits_for(void) {
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

/* ---- Work queues ---- */

static void waiting_ends_when_nothing_is_running(void) {
  struct worker_pool pool;
  struct work_queue queue;
  struct job jobs[3];
  int i;
  init_pool(&pool, 1);
  init_queue(&pool, &queue);
  EXPECT(work_wait(&queue) == NULL);
  EXPECT(work_try_wait(&queue) == NULL);
  for (i = 0; i < 3; i++) work_submit(&queue, set_job(&jobs[i], i, 0));
  EXPECT(queue.nr_running == 3);
  for (i = 0; i < 3; i++) {
    EXPECT(id_of(work_wait(&queue)) == i);
    EXPECT(jobs[i].replied_to == &queue);
    EXPECT(queue.nr_running == 2u - (unsigned)i);
  }
  EXPECT(work_wait(&queue) == NULL);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
}

static void trying_returns_what_is_finished(void) {
  struct worker_pool pool;
  struct work_queue queue;
  struct job job;
  struct work* w;
  sem_t go_on;
  EXPECT(sem_init(&go_on, 0, 0) == 0);
  init_pool(&pool, 1);
  init_queue(&pool, &queue);
  set_job(&job, 7, 0);
  job.go_on = &go_on;
  work_submit(&queue, &job.work);
  EXPECT(work_try_wait(&queue) == NULL);
  EXPECT(queue.nr_running == 1);
  EXPECT(sem_post(&go_on) == 0);
  while ((w = work_try_wait(&queue)) == NULL) sched_yield();
  EXPECT(id_of(w) == 7 && queue.nr_running == 0);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
  sem_destroy(&go_on);
}

/* Submits to a pool whose only thread is held until all are there. */
static void higher_priorities_are_served_first(void) {
  static const unsigned priorities[] = {0, 0, 3, 1, 0, 3};
  static const int order[] = {2, 5, 3, 0, 1, 4};
  struct worker_pool pool;
  struct work_queue held, queue;
  struct job first, jobs[6];
  sem_t started, go_on;
  int i;
  EXPECT(sem_init(&started, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
  init_pool(&pool, 1);
  init_queue(&pool, &held);
  init_queue(&pool, &queue);
  set_job(&first, -1, 0);
  first.started = &started;
  first.go_on = &go_on;
  work_submit(&held, &first.work);
  wait_for(&started);
  for (i = 0; i < 6; i++) {
    work_submit(&queue, set_job(&jobs[i], i, priorities[i]));
    jobs[i].started = &started;
  }
  EXPECT(sem_post(&go_on) == 0);
  EXPECT(work_wait(&held) == &first.work);
  for (i = 0; i < 6; i++) wait_for(&started);
  for (i = 0; i < 6; i++) EXPECT(id_of(work_wait(&queue)) == order[i]);
  work_queue_cleanup(&held);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
  sem_destroy(&started);
  sem_destroy(&go_on);
}

static void of_what_is_finished_the_highest_comes_back_first(void) {
  struct worker_pool pool;
  struct work_queue queue;
  struct job jobs[3], last;
  sem_t started;
  int i;
  EXPECT(sem_init(&started, 0, 0) == 0);
  init_pool(&pool, 1);
  init_queue(&pool, &queue);
  for (i = 0; i < 3; i++) work_submit(&queue, set_job(&jobs[i], i, 0));
  EXPECT(id_of(work_wait(&queue)) == 0);
  work_submit(&queue, set_job(&jobs[0], 0, 5));
  set_job(&last, 3, 0);
  last.started = &started; /* Once it runs, all others are finished. */
  work_submit(&queue, &last.work);
  wait_for(&started);
  EXPECT(id_of(work_wait(&queue)) == 0);
  EXPECT(id_of(work_wait(&queue)) == 1);
  EXPECT(id_of(work_wait(&queue)) == 2);
  EXPECT(id_of(work_wait(&queue)) == 3);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
  sem_destroy(&started);
}

static struct job second_step;

static void submit_the_second_step(struct worker_thread* t, struct work* w) {
  second_step.work.reply_to = w->reply_to;
  raw_queue_put(&t->pool->requests, &second_step.work);
  raw_queue_put(&w->reply_to->finished, &((struct job*)w)[1].work);
}

static void work_may_submit_and_reply_by_the_raw_queues(void) {
  struct worker_pool pool;
  struct work_queue queue;
  struct job jobs[2];
  unsigned seen = 0;
  int i;
  init_pool(&pool, 1);
  init_queue(&pool, &queue);
  set_job(&jobs[0], 0, 0);
  set_job(&jobs[1], 1, 0);
  set_job(&second_step, 2, 0);
  jobs[0].work.go = submit_the_second_step;
  work_submit(&queue, &jobs[0].work);
  queue.nr_running += 2;
  for (i = 0; i < 3; i++) seen |= 1u << id_of(work_wait(&queue));
  EXPECT(seen == 7);
  EXPECT(second_step.replied_to == &queue);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
}

static void* use_queue_in_a_thread(void* arg) {
  struct work_queue* queue = (struct work_queue*)arg;
  struct job job;
  work_submit(queue, set_job(&job, 5, 0));
  EXPECT(id_of(work_wait(queue)) == 4);
  EXPECT(id_of(work_wait(queue)) == 5);
  return NULL;
}

static void a_queue_may_be_handed_to_another_thread(void) {
  struct worker_pool pool;
  struct work_queue queue;
  struct job job;
  pthread_t thread;
  init_pool(&pool, 1);
  init_queue(&pool, &queue);
  work_submit(&queue, set_job(&job, 4, 0));
  EXPECT(pthread_create(&thread, NULL, use_queue_in_a_thread, &queue) == 0);
  EXPECT(pthread_join(thread, NULL) == 0);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
}

/* Keeps up to 32 in flight, in two queues of one pool. */
static void* flood(void* arg) {
  struct work_queue queue;
  struct job jobs[32];
  int i, rounds = test_is_sanitized() ? 2000 : 20000;
  work_queue_init((struct worker_pool*)arg, &queue);
  for (i = 0; i < rounds; i++) {
    struct job* job = i < 32 ? &jobs[i] : (struct job*)work_wait(&queue);
    if (i >= 32) EXPECT(job->replied_to == &queue);
    work_submit(&queue, set_job(job, i, (unsigned)i % 7 == 0));
  }
  for (i = 0; i < 32; i++) EXPECT(work_wait(&queue) != NULL);
  EXPECT(work_wait(&queue) == NULL);
  work_queue_cleanup(&queue);
  return NULL;
}

static void many_queues_share_a_pool(void) {
  struct worker_pool pool;
  pthread_t threads[3];
  int i;
  init_pool(&pool, THREADS);
  for (i = 0; i < 3; i++) {
    EXPECT(pthread_create(&threads[i], NULL, flood, &pool) == 0);
  }
  for (i = 0; i < 3; i++) EXPECT(pthread_join(threads[i], NULL) == 0);
  worker_pool_cleanup(&pool);
}

int main(void) {
  RUN(a_raw_queue_is_fifo_within_a_priority);
  RUN(raw_queues_pass_work_between_threads);
  RUN(the_hooks_are_called_for_each_thread);
  RUN(all_threads_of_a_pool_work_at_the_same_time);
  RUN(the_stack_is_as_large_as_asked);
  RUN(cleanup_runs_what_nobody_waits_for);
  RUN(waiting_ends_when_nothing_is_running);
  RUN(trying_returns_what_is_finished);
  RUN(higher_priorities_are_served_first);
  RUN(of_what_is_finished_the_highest_comes_back_first);
  RUN(work_may_submit_and_reply_by_the_raw_queues);
  RUN(a_queue_may_be_handed_to_another_thread);
  RUN(many_queues_share_a_pool);
  return 0;
}
