// What the backends that delegate to the kernel have in common.
//
// Threads:   any.

#ifndef UASIO_ASIO_BACKENDS_KERNEL_H_
#define UASIO_ASIO_BACKENDS_KERNEL_H_

#include <cstddef>

#include "asio/request.h"

namespace uasio {

// How many requests the kernel gets with one system call.  It shows them to the
// device when the call ends: in parts, the device begins with the first while
// the next are made.  Random reads of 4 KiB at depth 32 come to 1.09 times as
// many a second, for the same CPU time; fewer at a time cost more of that.
inline constexpr size_t kStartedAtOnce = 8;

// True for transfers at explicit offsets, and syncs, on O_DIRECT fds.  All
// others would block whoever submits them, or stand still while the queue's
// owner computes; the workers are faster at them.
//
// A vector of which a part is done is left to the workers, too: the kernel
// wants the caller's vector, and that would have to be cut.
inline bool IsForKernel(const Request& request) {
  if (!request.traits.direct) return false;
  if (IsVectored(request.op) && request.transferred > 0) return false;
  return IsSync(request.op) || request.offset >= 0;
}

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_KERNEL_H_
