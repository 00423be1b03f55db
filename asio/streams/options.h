// StreamOptions are the options that Reader and Writer share.
//
// Ownership: the queue is borrowed.
// Units:     bytes; depth in blocks.

#ifndef UASIO_ASIO_STREAMS_OPTIONS_H_
#define UASIO_ASIO_STREAMS_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "asio/queue.h"

namespace uasio {

struct StreamOptions {
  // Must outlive the stream; nullptr: DefaultQueue().  A block of the stream is
  // one buffer of the queue, so buffer_bytes is its size.  Of requests_max,
  // explicit requests and write-backs in flight must always leave one for each
  // stream.
  Queue* queue = nullptr;

  // The most blocks that are read ahead, or being written, at a time, beside
  // the block in use; at least 1.  More than the queue's requests_max means
  // requests_max.  A pipe, socket or terminal has no read-ahead.  One block is
  // written at a time to these, and to a file that is open for appending.
  size_t depth = 4;

  // Where the stream begins; not negative.  kFilePosition: at the position that
  // the fd has then; Flush(), Fsync() and Close() set that to the stream's
  // position, or, after an error, to the first byte before it that could not be
  // written.  Unset: kFilePosition on a file of File::Adopt(), such as standard
  // input, which others may use before and after; 0 on other files.
  std::optional<int64_t> offset;
};

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_OPTIONS_H_
