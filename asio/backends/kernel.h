// What the backends that delegate to the kernel have in common.
//
// Threads:   any.

#ifndef UASIO_ASIO_BACKENDS_KERNEL_H_
#define UASIO_ASIO_BACKENDS_KERNEL_H_

#include "asio/request.h"

namespace uasio {

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
