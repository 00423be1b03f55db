// DefaultQueue() is the queue of streams whose options name none: one for each
// thread.
//
// Threads:   each has its own.  The first call creates it, on the best backend
//            that works (see NewAutoBackend()).
// Ownership: the thread's; its end destroys the queue.  Close the streams on
//            the queue before.
// Bounds:    DefaultQueueOptions(): at most 64 MiB of buffers, 32 threads.

#ifndef UASIO_ASIO_STREAMS_DEFAULT_QUEUE_H_
#define UASIO_ASIO_STREAMS_DEFAULT_QUEUE_H_

#include "asio/queue.h"

namespace uasio {

// Buffers are of 256 KiB: enough to keep a disk busy at a depth of four, and
// not too much to read for a few bytes.
QueueOptions DefaultQueueOptions();

Queue* DefaultQueue();

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_DEFAULT_QUEUE_H_
