#include "asio/internal/request_transfer.h"

namespace uasio::internal {

Transfer MakeTransfer(const Request& request) {
  Transfer t;
  t.op = request.op;
  t.flags = request.flags;
  t.traits = request.traits;
  t.fd = request.fd;
  t.offset = request.offset;
  t.buffer = request.buffer;
  t.iovecs = request.iovecs;
  t.iovec_count = request.iovec_count;
  t.length = request.length;
  t.done = request.transferred;
  return t;
}

}  // namespace uasio::internal
