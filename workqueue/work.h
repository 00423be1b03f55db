// One piece of work for a WorkerPool.
//
// Ownership: the submitter's, but the pool's from Submit() until it has run and
//            is back; `n` links it while it waits for either.
//
// Derive from it to add what the work needs:
//
//   struct Hello : Work {};
//   Hello hello = {};
//   hello.go = [](WorkerThread*, Work* w) { ... static_cast<Hello*>(w) ... };

#ifndef UASIO_WORKQUEUE_WORK_H_
#define UASIO_WORKQUEUE_WORK_H_

#include "clists/clist.h"

namespace uasio {

class RawQueue;
struct WorkerThread;  // The user's own type: what start_hook returns.

struct Work {
  Cnode n;
  // Higher ones go first, and may starve lower ones; equal ones are served
  // first come, first served.
  unsigned int priority;
  // Where the finished work goes; set by the submitter.  nullptr: nowhere, and
  // the pool does not touch the work any more once go() has been called.
  RawQueue* reply_to;
  // Called in a worker thread; `thread` is what the pool's start_hook returned.
  void (*go)(WorkerThread* thread, Work* work);
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_WORK_H_
