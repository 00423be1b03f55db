// Compares the contents of two files through a Queue, by reading ahead in both.
//
// Threads:   the queue's.
// Ownership: queue and files are borrowed, and must not be in use elsewhere;
//            the queue is left with nothing in flight.
// Units:     bytes; the queue's buffer_bytes is a multiple of
//            kBufferAlignment.
// Blocks:    until all is compared, a difference is found, or a read fails.
// Errors:    the difference, or the failed read.

#ifndef UASIO_TOOLS_CP_COMPARE_H_
#define UASIO_TOOLS_CP_COMPARE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "tools/cp/progress.h"

namespace uasio {

// Fails with the first byte in which `a` and `b`, which have sizes, differ, or
// with their sizes if these do.  `depth` blocks of each are read ahead, if the
// queue has as many requests to give; it must have two.
absl::Status Compare(Queue* queue, const File& a, const File& b, size_t depth,
                     Progress* progress);

}  // namespace uasio

#endif  // UASIO_TOOLS_CP_COMPARE_H_
