// Attempts makes those calls of one syslet that cannot block, in the thread
// that executes it.
//
// Threads:   one.
// Blocks:    on network file systems, which may wait where calls.cc assumes
//            memory only; in the open of a FIFO, a device or a leased file
//            whose path is cached.
// Errors:    -errno in *result, as the system call returns it.
// Cost:      the atom's own system call; and one statx(2) for a close, one
//            fcntl(2) for an fd that this syslet has not opened, and one
//            fstat(2) for a read that meets the end of file, with an lseek(2)
//            if it read at the fd's own position; for another short read an
//            fcntl(2) and a statx(2) as well.
//
// After a few opens in a row whose path was not cached, only one in some opens
// is attempted, until one succeeds; the others count as calls that might block.
// The same holds for reads whose data was not cached.
//
// It remembers the flags of the last fd.  If another thread reuses the number
// for another file meanwhile, a call may block; nothing worse happens.

#ifndef UASIO_ASIO_SYSLETS_INTERNAL_ATTEMPTS_H_
#define UASIO_ASIO_SYSLETS_INTERNAL_ATTEMPTS_H_

#include <cstdint>

#include "asio/syscalls/attempt_heuristic.h"
#include "asio/syscalls/transfer.h"

namespace uasio {
namespace syslets {

// A system call with its arguments; missing ones are 0.
struct Call {
  unsigned long nr = 0;
  unsigned long args[6] = {};
};

// Makes `call` in this thread, even if that blocks.  Returns its result or
// -errno; without making it, -EPERM if it is refused, -ENOSYS if it is unknown.
long MakeCall(const Call& call);

// What the attempts of earlier syslets tell about the next ones.
struct AttemptHeuristics {
  AttemptHeuristic opens;
  AttemptHeuristic reads;
};

class Attempts {
 public:
  explicit Attempts(AttemptHeuristics* heuristics) : heuristics_(heuristics) {}

  // True: the call was made; see *result.  False: it might block; it was not
  // made, and has changed nothing.
  bool Try(const Call& call, long* result);

 private:
  bool OpenCached(int folder, unsigned long path, unsigned long flags,
                  long* result);
  static bool ReadCached(Transfer* read, long* result);
  bool TryOpen(int folder, unsigned long path, unsigned long flags,
               long* result);
  bool TryRead(const Call& call, int64_t offset, long* result);
  bool TryClose(const Call& call, long* result);
  bool FindFlags(int fd);

  AttemptHeuristics* const heuristics_;
  int known_fd_ = -1;    // The last fd that was opened or asked for its flags.
  int known_flags_ = 0;  // Its O_... flags.
};

}  // namespace syslets
}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_INTERNAL_ATTEMPTS_H_
