// Performs transfers by ordinary system calls, in the calling thread.
//
// Threads:   any; one thread at a time for each transfer.
// Order:     none at explicit offsets; at kFilePosition nobody else may use the
//            fd meanwhile.
// Blocks:    Perform(), as the system call does; the others do not.
// Errors:    -errno; EINTR is retried and never returned.
//
// The library has no other loops around pread, pwrite, preadv, pwritev, fsync
// and fdatasync.

#ifndef UASIO_ASIO_SYSCALLS_PERFORM_H_
#define UASIO_ASIO_SYSCALLS_PERFORM_H_

#include <cstddef>
#include <cstdint>

#include "asio/syscalls/transfer.h"

namespace uasio {

// Performs the rest of `transfer` and returns the result of the whole.
// REQUIRES, for this and PerformNonBlocking(): IsOp(transfer->op).
// - read from an fd with a size: bytes, less than length only at end of file,
//   or if it may wait (FdTraits::may_wait) and more bytes are not yet there;
// - read from any other fd: the bytes that were available;
// - write: its length; one of no bytes on a socket is an empty message;
// - sync or no-op: 0; -EINVAL if it has flags;
// - error: -errno; transfer->done is what was transferred before.  A write to
//   an O_NONBLOCK fd, and what has RWF_NOWAIT, may end so half way, with
//   -EAGAIN.
int64_t Perform(Transfer* transfer);

// The same for an fd without a size (see FdTraits), without waiting for it.
// -EAGAIN: the fd is not ready, and transfer->done is what was transferred so
// far.  Call this again once poll(2) finds the fd ready.
//
// One write on a socket with message boundaries is one message, also an empty
// one.
//
// Some kinds of files do not support RWF_NOWAIT.  On sockets it then calls
// sendmsg(2) and recvmsg(2).  On the others it calls poll(2) first, and writes
// at most PIPE_BUF bytes at once to pipes and terminals.  It may then block if
// - others use the fd as well;
// - it writes to a terminal that nobody reads, and only a part fits;
// - it writes to another device, which gets the whole write in one call, and
//   only a part fits.
int64_t PerformNonBlocking(Transfer* transfer);

// ReadIfCached() refuses longer reads; so many bytes are copied in a few
// microseconds.
inline constexpr size_t kCachedBytesMax = 64 << 10;

// The same as Perform() for a read whose rest is in the page cache, up to the
// end of file, and no longer than kCachedBytesMax.  Does not wait for a device.
// -EAGAIN: in all other cases (another operation or kind of file, O_DIRECT, a
// page that is missing, any error); Perform() performs the rest.
int64_t ReadIfCached(Transfer* transfer);

// The same from the result of the attempt: a number of bytes, or negative.
int64_t FinishReadIfCached(Transfer* transfer, int64_t n);

// Whether ReadIfCached() can succeed for this operation, file and length; if
// not, it makes no system call.
bool SuitsReadIfCached(const Transfer& transfer);

// Whether the rest of a read begins at or behind the end of a regular file.
bool BeginsAtEndOfFile(const Transfer& transfer);

// Whether a short read, of which the last call has transferred `n` bytes, is to
// end there:
// - nothing came, or it is direct and the file has no more bytes: this is the
//   end of the file;
// - the fd has no size, or may wait: these bytes were available.
bool EndsRead(const Transfer& transfer, size_t n);

// Whether a direct transfer has ended inside a sector, so that many file
// systems refuse its rest with EINVAL.
bool EndsInsideSector(const Transfer& transfer);

// Whether poll(2) finds that the transfer need not wait; true for files that
// poll(2) does not watch.
bool IsReady(const Transfer& transfer);

// Whether a read at `offset` finds the end of the file.  Some files of FUSE and
// /proc have bytes behind the size that fstat(2) reports.  False also if the
// read fails: the next read then returns the error.  True on an O_DIRECT file
// of which a single byte cannot be read.
bool EndsAt(int fd, int64_t offset);

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_PERFORM_H_
