// Attempts makes the calls of one syslet in its caller, as long as they cannot
// block.
//
// Threads:   one.
// Blocks:    where an open file's own system does in spite of what calls.cc
//            assumes (network file systems), or an open does that has found its
//            path without waiting: of a FIFO, a device, or a leased file.
// Errors:    -errno in *result, as the system call returns it.
// Cost:      no system call beside the atom's own, but one statx(2) for a
//            close, one fcntl(2) for an fd that this syslet has not opened,
//            and one fstat(2) for a read that meets the end, with an lseek(2)
//            if that was at the fd's own position; two for another read that
//            gets less than it asked for.
//
// After a few opens that did not find their path in memory, or reads that did
// not find their data, only one in some is attempted, until one succeeds; the
// others might block.
//
// It remembers how the last fd was opened.  If somebody else uses the number
// for another file meanwhile, the worst of it is a wait.

#ifndef UASIO_ASIO_SYSLETS_ATTEMPTS_H_
#define UASIO_ASIO_SYSLETS_ATTEMPTS_H_

#include <cstdint>

#include "asio/syscalls/attempt_heuristic.h"
#include "asio/syscalls/transfer.h"

namespace uasio {

// A system call with its arguments, those that are not given being 0.
struct Call {
  unsigned long nr = 0;
  unsigned long args[6] = {};
};

// Makes `call` in this thread, whatever it takes: -EPERM and -ENOSYS for one
// that is not made at all.
long Make(const Call& call);

// How those of the syslets before went.
struct Experience {
  AttemptHeuristic opens;
  AttemptHeuristic reads;
};

class Attempts {
 public:
  explicit Attempts(Experience* experience) : experience_(experience) {}

  // True: made, with *result.  False: it might block, and has done nothing.
  bool Try(const Call& call, long* result);

 private:
  bool OpenCached(int folder, unsigned long path, unsigned long flags,
                  long* result);
  static bool ReadCached(Transfer* read, long* result);
  bool TryOpen(int folder, unsigned long path, unsigned long flags,
               long* result);
  bool TryRead(const Call& call, int64_t offset, long* result);
  bool TryClose(const Call& call, long* result);
  bool LearnFlags(int fd);

  Experience* const experience_;
  int fd_ = -1;    // The last one looked at,
  int flags_ = 0;  // and what it was opened with.
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_ATTEMPTS_H_
