// Converts a Request into the Transfer that asio/syscalls/perform.h performs.
//
// Threads:   any.

#ifndef UASIO_ASIO_INTERNAL_REQUEST_TRANSFER_H_
#define UASIO_ASIO_INTERNAL_REQUEST_TRANSFER_H_

#include "asio/request.h"
#include "asio/syscalls/transfer.h"

namespace uasio::internal {

// The rest of `request`, of which request.transferred bytes are done.
Transfer MakeTransfer(const Request& request);

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_REQUEST_TRANSFER_H_
