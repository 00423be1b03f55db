// Carries out transfers by ordinary system calls, in the calling thread.
//
// Threads:   any; each transfer in one at a time.
// Order:     at an explicit offset, none but the file's; at kFilePosition the
//            caller sees to it that nobody else uses the fd.
// Blocks:    Perform() as the system call does; the attempts do not.
// Errors:    -errno; EINTR is retried and never returned.
//
// These are the only loops around pread, pwrite, preadv, pwritev, fsync and
// fdatasync in the library.

#ifndef UASIO_ASIO_SYSCALLS_PERFORM_H_
#define UASIO_ASIO_SYSCALLS_PERFORM_H_

#include <cstddef>
#include <cstdint>

#include "asio/syscalls/transfer.h"

namespace uasio {

// Performs what is left of `transfer` and returns its whole result:
// - on an fd with a size, bytes; less than length only for a read that has met
//   the end of file;
// - of a read from any other fd, what there was;
// - of a write, its length;
// - 0 of a sync or a no-op;
// - or -errno, and transfer->done says how much was transferred before.  A
//   write to an O_NONBLOCK fd may so end with -EAGAIN half way.
int64_t Perform(Transfer* transfer);

// The same for an fd without a size (see FdTraits), without waiting for it:
// -EAGAIN says that it is not ready, that transfer->done is how far it got,
// and that this may be called again once poll(2) finds the fd ready.
//
// Where the kernel cannot be asked not to wait (RWF_NOWAIT is unknown to some
// kinds of files), poll(2) is asked first and at most PIPE_BUF bytes are
// written at once, so that this only waits if others use the fd as well, or to
// write to a terminal that has room for some of it and is not read.
int64_t PerformNonBlocking(Transfer* transfer);

// How much ReadIfCached() reads at the most: what is copied in a few
// microseconds.
inline constexpr size_t kCachedBytesMax = 64 << 10;

// The same for a file, without waiting for a device: a read of which all that
// is left is in the page cache, up to the end of the file, and no more than
// kCachedBytesMax.  All else is -EAGAIN, whatever the reason (an operation or a
// file of another kind, O_DIRECT, a page that is missing, an error), and
// Perform() carries out what is left.
int64_t ReadIfCached(Transfer* transfer);

// Whether ReadIfCached() makes a system call at all: the operation, the file
// and the length suit it.
bool SuitsReadIfCached(const Transfer& transfer);

// Whether what is left of a read begins at the end of a file or beyond.
bool BeginsAtEndOfFile(const Transfer& transfer);

// Whether a read that got `n` bytes, which makes `done` in all, has met the end
// of a file.  A direct one that ends off any sector's boundary has, and to go
// on from there would only be refused.
bool MeetsEndOfFile(const FdTraits& traits, size_t done, size_t n);

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_PERFORM_H_
