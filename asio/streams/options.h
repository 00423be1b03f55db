// StreamOptions are what a Reader and a Writer have in common to choose.
//
// Ownership: the queue is borrowed, and must outlive the stream.
// Units:     bytes; depth in blocks of the queue's buffer_bytes.

#ifndef UASIO_ASIO_STREAMS_OPTIONS_H_
#define UASIO_ASIO_STREAMS_OPTIONS_H_

#include <cstddef>
#include <cstdint>

#include "asio/queue.h"

namespace uasio {

struct StreamOptions {
  // Borrowed; it must outlive the stream.  Its buffer_bytes are those of the
  // stream, and of its requests_max it must be able to spare one for each
  // stream at all times: explicit requests, write-backs in flight, too, must
  // leave as many.  nullptr: DefaultQueue().
  Queue* queue = nullptr;

  // How many blocks are read ahead, or written back, at a time, beside the one
  // in use.  What has no size, or is open for appending, has no read-ahead, and
  // one write-back at a time.
  size_t depth = 4;

  // Where to begin; not negative.  kFilePosition: where the fd stands, which
  // Close() then moves to where the stream stands.
  int64_t offset = 0;
};

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_OPTIONS_H_
