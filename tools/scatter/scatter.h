// Splits a stream of records into many files, as an external sort does to make
// its runs, and merges the files into the original stream.
//
// Threads:   the one of the streams' queue.
// Bounds:    memory: the queue's requests_max buffers, and one record.
// Blocks:    until all is read and written (Close(), not fsync), or something
//            failed.
// Errors:    absl::Status of the first one, with file, offset and reason.

#ifndef UASIO_TOOLS_SCATTER_SCATTER_H_
#define UASIO_TOOLS_SCATTER_SCATTER_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"

namespace uasio {

struct ScatterOptions {
  std::string prefix;  // Of the names of the parts.
  size_t parts = 64;   // At most kPartsMax.

  // True: the hash of a record, without its newline, chooses its part.  False:
  // record i goes to part i % parts.
  bool by_hash = false;

  // The size of each record.  0: a record is a line of at most line_bytes_max,
  // newline included.  The last record may be shorter, or lack its newline.
  size_t record_bytes = 0;
  size_t line_bytes_max = 1 << 20;

  StreamOptions streams;  // Of the parts.
};

inline constexpr size_t kPartsMax = 1 << 14;

// Returns "PREFIX-00003-of-00064".
std::string PartName(const ScatterOptions& options, size_t part);

// Returns "PREFIX-order".  With by_hash, this file has the number of each
// record's part, in two bytes, little-endian.
std::string OrderName(const ScatterOptions& options);

// Reads `in` to its end and creates the parts.  Fails if one exists.  If it
// fails, or a signal ends the program (see fatal_signals.h), removes those that
// it has created.
absl::Status SplitRecords(Reader* in, const ScatterOptions& options);

// Reads the parts that SplitRecords() created with the same options, and writes
// the original records to `out`, which stays open.  Fails if records are
// missing or extra, or if a part ends within a record that is not the last.
// Without by_hash it cannot detect that whole records are missing at the end of
// the stream.
absl::Status MergeRecords(const ScatterOptions& options, Writer* out);

}  // namespace uasio

#endif  // UASIO_TOOLS_SCATTER_SCATTER_H_
