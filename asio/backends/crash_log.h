// A CrashLog records the bytes that writes replace until a sync covers the
// writes.  The fault backend simulates a loss of power with it.
//
// Threads:   one at a time.
// Ownership: fds are borrowed.
// Units:     bytes.
// Blocks:    RecordWrite() and Undo() read and write files.
// Bounds:    holds a copy of all bytes overwritten and not yet synced.
// Errors:    absl::Status with the fd's name, the offset and the reason.

#ifndef UASIO_ASIO_BACKENDS_CRASH_LOG_H_
#define UASIO_ASIO_BACKENDS_CRASH_LOG_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "asio/request.h"

namespace uasio {

class CrashLog {
 public:
  // Advances the log's clock; each start and finish of a request has a time.
  uint64_t Tick() { return ++now_; }

  // Records the bytes that the rest of `write`, started at `started`, replaces.
  // REQUIRES: its fd has a size.
  absl::Status RecordWrite(const Request& write, uint64_t started);

  // The write started at `started` has finished, with `transferred` bytes done.
  void RecordFinish(uint64_t started, size_t transferred);

  // A sync of `fd` started at `started` has succeeded.  It covers the writes
  // that had finished before it started.
  void RecordSync(int fd, uint64_t started);

  // Undoes every write that no sync has covered, and drops its record.  Makes
  // no file longer: what ftruncate(2) has cut stays cut.
  absl::Status Undo();

 private:
  struct Entry {
    int fd;
    int64_t offset;
    int64_t end;           // Of the bytes written; == offset until finished.
    std::string replaced;  // Ends at the end of the old file.
    int64_t size;          // To restore: the file's old, or last synced, size.
    size_t transferred;    // Before this write started.
    uint64_t started;      // On the log's clock.
    uint64_t finished;     // 0: in flight.
  };

  std::vector<Entry> entries_;  // By `started`.
  uint64_t now_ = 0;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_CRASH_LOG_H_
