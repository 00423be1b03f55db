// Copies from a Reader to a Writer: each block is written from the buffer that
// it was read into, where offsets and lengths allow that.
//
// Threads:   that of the streams' queues.
// Blocks:    while reading, and while the writer has depth blocks on their way.
// Errors:    that of the reader, or of the writer, also one that it had before;
//            both are left as it left them.  It does not flush: Close() the
//            writer.
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

// Copies up to `bytes`, from where the one stands to where the other does, and
// returns how many: less only at the end of what is read.  Whole blocks are not
// copied within memory if both streams are of one queue and stand at multiples
// of both their alignments; at other places, if only the writer's file is not
// direct.  What is less than 4,096 bytes is, and so is what ends the copy, if
// it ends within a block, or, on a direct file of the writer's, within a
// sector.
absl::StatusOr<int64_t> Copy(
    Reader* reader, Writer* writer,
    int64_t bytes = std::numeric_limits<int64_t>::max());

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_COPY_H_
