// Compares the contents of two files through a Queue, with read-ahead in both.
//
// Threads:   the queue's.
// Ownership: queue and files are borrowed, and must not be in use elsewhere;
//            when it returns, nothing is in flight.
// Units:     bytes; the queue's buffer_bytes is a multiple of
//            kBufferAlignment.
// Blocks:    until all is compared, a difference is found, or a read fails.
// Errors:    absl::Status of the first difference, or of the failed read.

#ifndef UASIO_TOOLS_CP_COMPARE_H_
#define UASIO_TOOLS_CP_COMPARE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "tools/cp/progress.h"

namespace uasio {

// Returns OK if `a` and `b` are equal; else an error that has their sizes if
// these differ, or the offset of the first byte that differs.  Up to `depth`
// blocks of each are read ahead; fewer if the queue has fewer requests.  Fails
// if it has only one.
// REQUIRES: both files have sizes.
absl::Status CompareFiles(Queue* queue, const File& a, const File& b,
                          size_t depth, Progress* progress);

}  // namespace uasio

#endif  // UASIO_TOOLS_CP_COMPARE_H_
