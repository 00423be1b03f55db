// Which requests kaio and uring take, how many they submit per system call,
// which raise signals, and what the kernel's result means.
//
// Threads:   any.

#ifndef UASIO_ASIO_BACKENDS_KERNEL_REQUESTS_H_
#define UASIO_ASIO_BACKENDS_KERNEL_REQUESTS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "asio/backends/completion_buffer.h"
#include "asio/request.h"

namespace uasio {

// Requests submitted with one system call.  The kernel passes them to the
// device when the call ends, so small calls let the device start on the first
// requests while later ones are prepared.  Random 4 KiB reads at depth 32
// are 1.09 times as fast as in one call, for the same CPU time; a smaller batch
// costs more CPU.
inline constexpr size_t kSubmitBatchMax = 8;

// The kernel cuts longer transfers to this.
inline constexpr size_t kKernelBytesMax = 0x7ffff000;

// True for transfers at explicit offsets, and syncs, on O_DIRECT fds of file
// systems that know RWF_NOWAIT, and of tmpfs.  Any other request would block
// Start(), or make no progress while the queue's owner computes; the workers
// are faster at those.
//
// False for a partly transferred vector: resubmitting the rest would need a
// shortened copy of the caller's iovecs.
//
// False with RWF_HIPRI: uring refuses it, and kaio ignores it.
//
// False if nothing is to be transferred: a fixed read of no bytes from btrfs is
// a NULL dereference in Linux 6.18.  False for more than kKernelBytesMax: the
// kernel would begin with a part of a length that the system call refuses.
inline bool IsForKernel(const Request& request) {
  if (!request.traits.async) return false;
  if (IsSync(request.op)) return request.flags == 0;
  if ((request.flags & RWF_HIPRI) != 0) return false;
  if (IsVectored(request.op) && request.transferred > 0) return false;
  const size_t left = request.length - request.transferred;
  return request.offset >= 0 && left > 0 && left <= kKernelBytesMax;
}

// Whether the kernel may raise SIGXFSZ in the submitting thread.
inline bool HasWrites(absl::Span<Request* const> batch) {
  return std::any_of(batch.begin(), batch.end(),
                     [](const Request* r) { return IsWrite(r->op); });
}

// Adds the completion of `request` to `finished`.  `result` is the kernel's,
// for what had not been transferred: bytes or -errno; or it is kRefused.
inline void AddCompletion(Request* request, int64_t result,
                          CompletionBuffer* finished) {
  const size_t before = request->transferred;
  if (result < 0) return finished->Add(request, result, before);
  const size_t done = before + static_cast<size_t>(result);
  finished->Add(request, static_cast<int64_t>(done), done);
}

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_KERNEL_REQUESTS_H_
