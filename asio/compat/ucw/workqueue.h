/*
 * ucw/workqueue.h: thread pools and work queues, as libucw has them.
 *
 * The interface is that of libucw's "ucw/workqueue.h": the same structs, with
 * the same members in the same order, and the same functions, so that a
 * program written for it compiles unchanged, as C and as C++.  They are
 * implemented by uasio::WorkerPool and uasio::RawQueue.
 *
 * A worker pool is a set of threads that run work.  A work queue submits work
 * to a pool for one thread at a time, and collects the finished work.  A raw
 * queue passes work between any threads.
 *
 *   struct worker_pool pool = {.num_threads = 4};
 *   worker_pool_init(&pool);
 *   struct work_queue queue;
 *   work_queue_init(&pool, &queue);
 *   struct work w = {.go = hello};
 *   work_submit(&queue, &w);
 *   ...
 *   while (work_wait(&queue) != NULL) ...
 *   work_queue_cleanup(&queue);
 *   worker_pool_cleanup(&pool);
 *
 * Threads:   a raw queue and a pool may be used by any at the same time, a work
 *            queue by any, but one at a time.  A pool's threads have the signal
 *            mask of the thread that made it.
 * Ownership: work is the caller's, and must not be touched from its submit
 *            until it is back.
 * Order:     highest priority first, which may starve the others; equal
 *            priorities are first come, first served.
 * Errors:    a broken rule ends the program with a message that names it; so
 *            does a thread that the system refuses.
 *
 * The init functions read only the members marked [user-settable]; all others
 * may be garbage before.  Afterwards the user must not touch any member, unless
 * its comment allows that.
 */

#ifndef UASIO_ASIO_COMPAT_UCW_WORKQUEUE_H_
#define UASIO_ASIO_COMPAT_UCW_WORKQUEUE_H_

#ifdef _UCW_WORKQUEUE_H
#error "libucw's own ucw/workqueue.h came first; put uasio's before it"
#endif
#define _UCW_WORKQUEUE_H /* Keeps libucw's own out. */

#include <pthread.h>
#include <semaphore.h>

#include "ucw/clists.h"

#ifdef CONFIG_UCW_CLEAN_ABI
#define raw_queue_cleanup ucw_raw_queue_cleanup
#define raw_queue_get ucw_raw_queue_get
#define raw_queue_init ucw_raw_queue_init
#define raw_queue_put ucw_raw_queue_put
#define raw_queue_try_get ucw_raw_queue_try_get
#define work_queue_cleanup ucw_work_queue_cleanup
#define work_queue_init ucw_work_queue_init
#define work_submit ucw_work_submit
#define work_try_wait ucw_work_try_wait
#define work_wait ucw_work_wait
#define worker_pool_cleanup ucw_worker_pool_cleanup
#define worker_pool_init ucw_worker_pool_init
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* As in libucw's "ucw/lib.h", which may be included as well. */
typedef unsigned int uns;
typedef unsigned int uint;

struct work_queue;
struct worker_pool;
struct worker_thread;

/* One piece of work; a larger struct may begin with it.  The caller sets
 * `priority` and `go`. */
struct work {
  cnode n;
  uns priority; /* 0: first come, first served. */
  /* Where the finished work goes; work_submit() sets it.  NULL: nowhere, and
   * nobody touches the work any more once go() has been called. */
  struct work_queue* reply_to;
  void (*go)(struct worker_thread* t, struct work* w);
};

/* One thread of a pool; a larger struct may begin with it. */
struct worker_thread {
  cnode n;          /* On the pool's worker_threads. */
  pthread_t thread; /* Known from init_thread() on. */
  struct worker_pool* pool;
  int id; /* 0 to num_threads - 1. */
};

struct raw_queue {
  pthread_mutex_t queue_mutex; /* Unused. */
  clist pri0_queue;            /* Unused. */
  struct work** pri_heap;      /* Points to the pool, in its `requests`. */
  uns heap_cnt, heap_max;      /* Unused. */
  sem_t* queue_sem;            /* Points to the queue, in any other. */
};

struct worker_pool {
  struct raw_queue requests; /* Work may also be put here. */
  uns num_threads;           /* At least 1.  [user-settable] */
  uns stack_size;            /* In bytes; 0: the system's.  [user-settable] */

  /* Each may be NULL.  [user-settable]
   * Called by worker_pool_init(), once for each thread, before the first
   * thread is started: allocates the struct worker_thread, or a larger one
   * that begins with it, and sets the members of its own.  NULL: malloc(). */
  struct worker_thread* (*new_thread)(void);
  /* Called by worker_pool_cleanup(), when all threads have ended.
   * NULL: free(). */
  void (*free_thread)(struct worker_thread* t);
  /* Called in the thread itself before its first and after its last work, in
   * one thread of the pool at a time. */
  void (*init_thread)(struct worker_thread* t);
  void (*cleanup_thread)(struct worker_thread* t);

  clist worker_threads;    /* Of struct worker_thread; to be read only. */
  sem_t* init_cleanup_sem; /* Points to the threads. */
};

struct work_queue {
  struct worker_pool* pool;
  uns nr_running;            /* Submitted and not returned; to be read only. */
  struct raw_queue finished; /* Finished and not returned. */
};

/* Starts num_threads threads, and returns when init_thread() has returned in
 * all of them. */
void worker_pool_init(struct worker_pool* p);

/* Runs everything that was submitted, and ends the threads.
 * REQUIRES: nobody else uses the pool any more. */
void worker_pool_cleanup(struct worker_pool* p);

void raw_queue_init(struct raw_queue* q);

/* REQUIRES: nothing waits in `q`. */
void raw_queue_cleanup(struct raw_queue* q);

/* Adds `w` by its priority.  If `q` is a pool's `requests`, a thread of the
 * pool runs `w` and hands it to its reply_to.  If reply_to is NULL, nobody
 * touches `w` after go(), which may free it. */
void raw_queue_put(struct raw_queue* q, struct work* w);

/* Takes the next work, waiting until there is one.
 * REQUIRES, here and below: `q` is not a pool's `requests`, which only the
 * threads of the pool take. */
struct work* raw_queue_get(struct raw_queue* q);

/* Takes the next work without waiting; NULL: there is none now. */
struct work* raw_queue_try_get(struct raw_queue* q);

/* Many queues may share a pool, which must outlive them. */
void work_queue_init(struct worker_pool* p, struct work_queue* q);

/* REQUIRES: everything submitted has been returned by work_wait(). */
void work_queue_cleanup(struct work_queue* q);

/* Submits `w` to the pool.
 * REQUIRES: `go` is set; `w` is not running already. */
void work_submit(struct work_queue* q, struct work* w);

/* Returns the next finished work, waiting for it; NULL: nothing is running. */
struct work* work_wait(struct work_queue* q);

/* The same without waiting; NULL: nothing is finished now. */
struct work* work_try_wait(struct work_queue* q);

#ifdef __cplusplus
}
#endif

#endif /* UASIO_ASIO_COMPAT_UCW_WORKQUEUE_H_ */
