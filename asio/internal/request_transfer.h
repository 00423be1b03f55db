// A Request as the Transfer that asio/syscalls/perform.h carries out.
//
// Threads:   any.

#ifndef UASIO_ASIO_INTERNAL_REQUEST_TRANSFER_H_
#define UASIO_ASIO_INTERNAL_REQUEST_TRANSFER_H_

#include "asio/request.h"
#include "asio/syscalls/transfer.h"

namespace uasio::internal {

// What is left to do of `request`, of which request.transferred bytes are done.
Transfer MakeTransfer(const Request& request);

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_REQUEST_TRANSFER_H_
