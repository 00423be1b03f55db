// Copies the contents of one file to another through a Queue, with read-ahead
// and write-back.  Each block is written from the buffer it was read into.
//
// Threads:   the queue's.
// Ownership: queue and files are borrowed, and must not be in use elsewhere;
//            when it returns, nothing is in flight and no error is kept.
// Units:     bytes; the queue's buffer_bytes is a multiple of
//            kBufferAlignment.
// Blocks:    until all is written (Sync(), not fsync), or something failed.
// Errors:    absl::Status of the first one, with file, offset and reason.

#ifndef UASIO_TOOLS_CP_COPY_H_
#define UASIO_TOOLS_CP_COPY_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "tools/cp/progress.h"

namespace uasio {

// The source or target of a copy.  A file is read or written at offsets, in
// parallel; a stream at its file position, in order.  A file without a size is
// always a stream.
// REQUIRES: a stream is not direct.
struct CopyEnd {
  const File* file;
  bool is_stream;
};

// Copies all of `source` and returns the number of bytes.  If the target is a
// regular file, its old contents are removed; it gets the size of the copy, and
// holes where the source has them.
//
// If the source has a size, at most that much is copied, even if the source
// grows meanwhile; less if it shrinks.  If its size is 0, as of the files in
// /proc, it is read to its end.
//
// Up to `depth` blocks are read ahead; fewer if the queue has fewer requests.
// The queue's writebacks_max bounds the writes.
absl::StatusOr<int64_t> CopyFile(Queue* queue, CopyEnd source, CopyEnd target,
                                 size_t depth, Progress* progress);

}  // namespace uasio

#endif  // UASIO_TOOLS_CP_COPY_H_
