// DefaultQueue() is the queue of streams whose options name none: one for each
// thread.
//
// Threads:   each has its own.  The first call creates it, on the best backend
//            that works (see NewAutoBackend()).
// Ownership: the thread's.  The queue is destroyed when the thread ends, or
//            when the last stream on it is closed, whichever is later.  So
//            static and thread_local streams may use it.
//            The end of the thread first completes what is in flight on fds
//            with a size, and cancels reads on pipes, sockets and terminals.
//            Whoever destroys the queue waits for writes to these; if a stream
//            is never closed, nobody does.
// Bounds:    DefaultQueueOptions(): at most 64 MiB of buffers, and the threads
//            of the process's pool (see QueueOptions::pool).

#ifndef UASIO_ASIO_STREAMS_DEFAULT_QUEUE_H_
#define UASIO_ASIO_STREAMS_DEFAULT_QUEUE_H_

#include <memory>

#include "asio/queue.h"

namespace uasio {

// Buffers are of 256 KiB: enough to keep a disk busy at a depth of four, and
// not too much to read for a few bytes.
[[nodiscard]] QueueOptions DefaultQueueOptions();

// REQUIRES: the thread's thread_local objects are not being destroyed.
Queue* DefaultQueue();

namespace internal {

// For a stream: DefaultQueue(), which lives until the stream drops it.  When
// DefaultQueue() is gone, a queue for this stream alone.
[[nodiscard]] std::shared_ptr<Queue> ShareDefaultQueue();

}  // namespace internal

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_DEFAULT_QUEUE_H_
