// One piece of work for a WorkerPool.
//
// Ownership: its submitter's; it is the pool's from its submission until it is
//            back, and is linked by its node while it waits to be run or
//            collected.
//
// It is the base of whatever the work needs to know:
//
//   struct Hello : Work {};
//   Hello hello = {};
//   hello.go = [](WorkerThread*, Work* w) { ... static_cast<Hello*>(w) ... };

#ifndef UASIO_WORKQUEUE_WORK_H_
#define UASIO_WORKQUEUE_WORK_H_

#include "clists/clist.h"

namespace uasio {

class RawQueue;
struct WorkerThread;  // What the pool's start_hook returned; the user's own.

struct Work {
  Cnode n;
  // 0: first come, first served.  Higher ones go first and may starve it.
  unsigned int priority;
  // Where the finished work goes; set by the submitter.  nullptr: nowhere, and
  // the pool does not touch the work any more once go() has been called.
  RawQueue* reply_to;
  // Called in a worker thread; `thread` is what the pool's start_hook returned.
  void (*go)(WorkerThread* thread, Work* work);
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_WORK_H_
