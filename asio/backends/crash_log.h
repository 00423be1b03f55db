// A CrashLog keeps what writes replace until a sync covers them, so that a loss
// of power can be simulated: the fault backend's memory.
//
// Threads:   one at a time.
// Ownership: fds are borrowed.
// Units:     bytes.
// Blocks:    Keep() and Undo() read and write files.
// Bounds:    holds a copy of all that has been overwritten and not synced.
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
  // The next moment: every start and finish of a request is one.
  uint64_t Tick() { return ++now_; }

  // Notes down what the rest of `write`, which starts now, will replace.
  // REQUIRES: its fd has a size.
  absl::Status Keep(const Request& write, uint64_t started);

  // The write that started then has finished; so much of it is done.
  void Finished(uint64_t started, size_t transferred);

  // A sync of `fd` that started then has succeeded: it covers the writes that
  // had finished before.
  void Synced(int fd, uint64_t started);

  // Puts everything back that no sync has covered, and forgets it.
  absl::Status Undo();

 private:
  struct Entry {
    int fd;
    int64_t offset;
    int64_t end;           // Of what was written; set when it is finished.
    std::string replaced;  // Up to the end of the file as it was.
    int64_t size;          // Of the file as it was, or as syncs made it since.
    size_t transferred;    // Before it started.
    uint64_t started;
    uint64_t finished;  // 0: not yet.
  };

  std::vector<Entry> entries_;  // In the order of their starts.
  uint64_t now_ = 0;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_CRASH_LOG_H_
