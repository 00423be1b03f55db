// Copy() copies from a Reader to a Writer.  Each block is written from the
// buffer that it was read into, where offsets and lengths allow that.
//
// Threads:   the thread of the streams' queues.
// Blocks:    to read, and while the writer has depth blocks in flight.
// Errors:    the reader's or the writer's, also an earlier one.  Both streams
//            stay where they were when it happened.  Copy() does not flush:
//            Close() the writer.
//
//   absl::StatusOr<int64_t> copied = Copy(&in, &out);
//   if (copied.ok()) ...

#ifndef UASIO_ASIO_STREAMS_COPY_H_
#define UASIO_ASIO_STREAMS_COPY_H_

#include <cstdint>
#include <limits>

#include "absl/status/statusor.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"

namespace uasio {

// Copies up to `bytes`, from the reader's position to the writer's.  Returns
// the number copied: less only at the end of the reader's file.
//
// Whole blocks are not copied within memory if both streams are on one queue
// and, unless the writer's file is not direct, at multiples of both alignments.
// Copied within memory are pieces of less than 4,096 bytes, and the last piece
// if it ends within a block or, on a direct file of the writer's, within a
// sector.
[[nodiscard]] absl::StatusOr<int64_t> Copy(
    Reader* reader, Writer* writer,
    int64_t bytes = std::numeric_limits<int64_t>::max());

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_COPY_H_
