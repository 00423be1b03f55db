#include "absl/status/status.h"
#include "asio/backends/new_uring.h"

namespace uasio {

absl::StatusOr<std::unique_ptr<Backend>> NewUringBackend(size_t) {
  return absl::UnimplementedError(
      "this uasio was built without liburing; it needs liburing 2.3");
}

}  // namespace uasio
