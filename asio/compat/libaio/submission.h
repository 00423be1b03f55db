// Submit() is io_submit(2) on a context.
//
// Threads:   any.
// Blocks:    not for I/O, unless the pool can start no thread.
// Errors:    the number of blocks accepted, or, if that is none, -errno of the
//            first: as io_submit(2).

#ifndef UASIO_ASIO_COMPAT_LIBAIO_SUBMISSION_H_
#define UASIO_ASIO_COMPAT_LIBAIO_SUBMISSION_H_

#include <linux/aio_abi.h>

#include <cstdint>

#include "asio/compat/libaio/context.h"

namespace uasio {
namespace libaio {

int64_t Submit(Context* context, int64_t count, iocb* const* user_blocks);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_SUBMISSION_H_
