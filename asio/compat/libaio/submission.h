// Submit() is io_submit(2) on a context.
//
// Threads:   any.
// Blocks:    only if the pool can start no thread: then the calling thread
//            performs the requests.
// Errors:    returns the number of blocks accepted, or, if that is 0, the
//            first block's -errno, as io_submit(2) does.

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
