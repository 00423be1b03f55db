// A CachedBatch reads what the page cache has of many reads by one system call,
// as ReadIfCached() does of one: by io_submit(2) with RWF_NOWAIT, which
// performs buffered reads at once, or refuses them.
//
// Threads:   one at a time.
// Ownership: the memory of the reads is borrowed.
// Bounds:    one AioContext, with kReadsMax of the system's fs.aio-max-nr.  It
//            is set up when so many reads have come in batches that it pays:
//            to destroy it takes some milliseconds.
// Errors:    none: where the system has no context, or refuses the calls,
//            IsWorth() stays false.
//
// No compiled part of Abseil is used here.

#ifndef UASIO_ASIO_SYSCALLS_CACHED_BATCH_H_
#define UASIO_ASIO_SYSCALLS_CACHED_BATCH_H_

#include <linux/aio_abi.h>

#include <cstddef>
#include <cstdint>

#include "asio/syscalls/aio_context.h"
#include "asio/syscalls/transfer.h"

namespace uasio {

class CachedBatch {
 public:
  static constexpr size_t kReadsMin = 4;
  static constexpr size_t kReadsMax = 64;
  static constexpr size_t kReadsBeforeSetup = 16384;

  // Without `reads_ring`, as if the ring's layout were unknown: for tests.
  explicit CachedBatch(bool reads_ring = true) : reads_ring_(reads_ring) {}

  // Whether Read() can attempt it: one buffer, an offset, no flags.
  static bool Suits(const Transfer& t);

  // Whether to attempt `count` reads by one Read().
  bool IsWorth(size_t count);

  // Attempts the reads, and sets their results as ReadIfCached() returns them.
  // REQUIRES: Suits() each of them; IsWorth(count); count <= kReadsMax.
  void Read(Transfer* const* reads, size_t count, int64_t* results);

 private:
  size_t Submit(iocb* iocbs, size_t count);
  static void Fill(const Transfer& t, size_t index, iocb* read);

  const bool reads_ring_;
  AioContext context_;
  size_t seen_ = 0;  // Reads in batches, until the setup.
  bool refused_ = false;
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSCALLS_CACHED_BATCH_H_
