// DefaultQueue() is the queue of streams that name none: one for each thread.
//
// Threads:   each has its own, made when it is first asked for, on the best
//            backend that works (see NewAutoBackend()).
// Ownership: it goes with its thread: streams on it must be closed by then.
// Bounds:    DefaultQueueOptions(): at most 64 MiB of buffers, 32 threads.

#ifndef UASIO_ASIO_STREAMS_DEFAULT_QUEUE_H_
#define UASIO_ASIO_STREAMS_DEFAULT_QUEUE_H_

#include "asio/queue.h"

namespace uasio {

// 256 KiB keep a disk busy at a depth of four, and are not too much to read for
// a few bytes of it.
QueueOptions DefaultQueueOptions();

Queue* DefaultQueue();

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_DEFAULT_QUEUE_H_
