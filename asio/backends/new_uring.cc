#include "asio/backends/new_uring.h"

#include "asio/backends/uring.h"

namespace uasio {

absl::StatusOr<std::unique_ptr<Backend>> NewUringBackend(size_t depth_max) {
  return UringBackend::Create(depth_max);
}

}  // namespace uasio
