// Splits a stream of records into many files, and merges them again to what it
// was: the way in which an external sort makes its runs.
//
// Threads:   that of the streams' queue.
// Bounds:    memory: the queue's requests_max buffers, and one record.
// Blocks:    until all is read and written (Close(), not fsync), or something
//            failed.
// Errors:    the first one, with the file, the offset and the reason.

#ifndef UASIO_TOOLS_SCATTER_SCATTER_H_
#define UASIO_TOOLS_SCATTER_SCATTER_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"

namespace uasio {

struct ScatterOptions {
  std::string prefix;    // Of the names of the parts.
  size_t parts = 64;     // At most kPartsMax.
  bool by_hash = false;  // Of the record, without its newline; else in turn.

  // 0: a record is a line, and has no more than line_bytes_max.  The last
  // record may be shorter, or lack its newline.
  size_t record_bytes = 0;
  size_t line_bytes_max = 1 << 20;

  StreamOptions streams;  // Of the parts.
};

inline constexpr size_t kPartsMax = 1 << 14;

// "PREFIX-00003-of-00064".
std::string PartName(const ScatterOptions& options, size_t part);

// By hash, there also is "PREFIX-order": for each record, its part, in two
// bytes, the lower one first.
std::string OrderName(const ScatterOptions& options);

// Reads `in` to its end and makes the parts, which must not exist; if it fails,
// or a signal ends the program (see fatal_signals.h), it removes those that it
// made.
absl::Status Split(Reader* in, const ScatterOptions& options);

// Reads the parts that Split() made with the same options, and writes to `out`,
// which it does not close, what that has read.  Fails if there are records too
// many or too few, or a part was cut off within one that is not the last; but
// in turn, nothing tells that the very last records are missing, as whole ones.
absl::Status Merge(const ScatterOptions& options, Writer* out);

}  // namespace uasio

#endif  // UASIO_TOOLS_SCATTER_SCATTER_H_
