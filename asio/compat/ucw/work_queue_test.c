/* The raw queues and work queues of "ucw/workqueue.h". */

#include "asio/compat/ucw/job_testing.h"
#include "asio/compat/ucw/ucw_testing.h"
#include "ucw/workqueue.h"

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

static void wait_is_null_when_nothing_is_running(void) {
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

static void try_wait_returns_finished_work_only(void) {
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

/* The only thread of the pool is blocked until all are submitted. */
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
  for (i = 0; i < 6; i++) {
    EXPECT(jobs[order[i]].turn == first.turn + 1 + i);
    EXPECT(id_of(work_wait(&queue)) == order[i]);
  }
  work_queue_cleanup(&held);
  work_queue_cleanup(&queue);
  worker_pool_cleanup(&pool);
  sem_destroy(&started);
  sem_destroy(&go_on);
}

static void finished_work_of_higher_priority_is_returned_first(void) {
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
  RUN(wait_is_null_when_nothing_is_running);
  RUN(try_wait_returns_finished_work_only);
  RUN(higher_priorities_are_served_first);
  RUN(finished_work_of_higher_priority_is_returned_first);
  RUN(work_may_submit_and_reply_by_the_raw_queues);
  RUN(a_queue_may_be_handed_to_another_thread);
  RUN(many_queues_share_a_pool);
  return 0;
}
