/* Shared by the C tests of pools and work queues: a pool, a queue, and a piece
 * of work that records how it ran. */

#ifndef UASIO_ASIO_COMPAT_UCW_JOB_TESTING_H_
#define UASIO_ASIO_COMPAT_UCW_JOB_TESTING_H_

#include "asio/compat/ucw/ucw_testing.h"
#include "ucw/workqueue.h"

enum { THREADS = 4, STACK_BYTES = 65536 };

/* Inits a pool without hooks; its other members are garbage before. */
static inline void init_pool(struct worker_pool* pool, unsigned threads) {
  FILL_WITH_GARBAGE(*pool);
  pool->num_threads = threads;
  pool->stack_size = STACK_BYTES;
  pool->new_thread = NULL;
  pool->free_thread = NULL;
  pool->init_thread = NULL;
  pool->cleanup_thread = NULL;
  worker_pool_init(pool);
}

static inline void init_queue(struct worker_pool* pool,
                              struct work_queue* queue) {
  FILL_WITH_GARBAGE(*queue);
  work_queue_init(pool, queue);
}

/* A piece of work, and what it records when it runs. */
struct job {
  struct work work;
  int id;
  struct worker_thread* thread; /* NULL: it has not run. */
  struct work_queue* replied_to;
  pthread_t self;
  int turn;               /* How many jobs had begun before it. */
  sem_t *started, *go_on; /* Posts one, waits for the other; or NULL. */
};

static inline void run_job(struct worker_thread* t, struct work* w) {
  static int begun;
  struct job* job = (struct job*)w;
  job->turn = __atomic_fetch_add(&begun, 1, __ATOMIC_RELAXED);
  job->thread = t;
  job->replied_to = w->reply_to;
  job->self = pthread_self();
  if (job->started != NULL) EXPECT(sem_post(job->started) == 0);
  if (job->go_on != NULL) wait_for(job->go_on);
}

static inline struct work* set_job(struct job* job, int id, unsigned priority) {
  FILL_WITH_GARBAGE(*job);
  job->work.priority = priority;
  job->work.go = run_job;
  job->id = id;
  job->thread = NULL;
  job->started = job->go_on = NULL;
  return &job->work;
}

static inline int id_of(struct work* w) {
  return w == NULL ? -1 : ((struct job*)w)->id;
}

#endif /* UASIO_ASIO_COMPAT_UCW_JOB_TESTING_H_ */
