// Copies the contents of one file to another through a Queue: reads run ahead,
// write-backs behind, and each block is written from the buffer it was read
// into.
//
// Threads:   the queue's.
// Ownership: queue and files are borrowed, and must not be in use elsewhere;
//            the queue is left with nothing in flight and no kept error.
// Units:     bytes; the queue's buffer_bytes is a multiple of
//            kBufferAlignment.
// Blocks:    until all is written (Sync(), not fsync), or something failed.
// Errors:    the first one, with the file, the offset and the reason.

#ifndef UASIO_TOOLS_CP_COPY_H_
#define UASIO_TOOLS_CP_COPY_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "tools/cp/progress.h"

namespace uasio {

// One end of a copy: a file that is read or written at offsets, in parallel,
// or a stream: whatever has no size, or is to be used at its file position.
// REQUIRES: a stream is not direct.
struct CopyEnd {
  const File* file;
  bool is_stream;
};

// Copies all of `source` and returns how many bytes that were.  A regular file
// as target has that size then, and holes where the source has them; nothing
// is left of what was in it.
//
// Where the source has a size, that is how much is copied, though it grow
// meanwhile, or what there is if it shrinks; a size of 0 is not believed, since
// the files of /proc say so, and what can be read is copied.
//
// `depth` reads run ahead, if the queue has as many requests to give, and its
// writebacks_max bounds the writes.
absl::StatusOr<int64_t> Copy(Queue* queue, CopyEnd source, CopyEnd target,
                             size_t depth, Progress* progress);

}  // namespace uasio

#endif  // UASIO_TOOLS_CP_COPY_H_
