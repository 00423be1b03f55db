/*
 * One piece of work for a worker pool, as a plain C type.
 *
 * It is a member (or the base) of whatever the work needs to know, is linked
 * through its node while it waits to be run or collected, and belongs to the
 * pool from its submission until it is back.
 *
 * The layout is that of libucw's "ucw/workqueue.h"; C++ code submits it
 * through uasio::WorkerPool or uasio::WorkQueue.
 */

#ifndef UASIO_WORKQUEUE_WORK_H_
#define UASIO_WORKQUEUE_WORK_H_

#include "clists/cnode.h"

#ifdef __cplusplus
extern "C" {
#endif

struct work_queue;
struct worker_thread;

struct work {
  cnode n;
  /* 0: first come, first served.  Higher ones go first and may starve it. */
  unsigned int priority;
  /* Where the finished work goes; set by whoever submits it; NULL: nowhere,
   * and nobody touches the work any more once go() has been called. */
  struct work_queue* reply_to;
  /* Called in a worker thread; `thread` is what the pool's start hook made. */
  void (*go)(struct worker_thread* thread, struct work* work);
};

#ifdef __cplusplus
}
#endif

#endif /* UASIO_WORKQUEUE_WORK_H_ */
