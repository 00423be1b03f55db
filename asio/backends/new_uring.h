// Makes the uring backend if uasio was built with liburing.
//
// new_uring.cc is for builds with liburing, without_uring.cc for builds without
// it; a program links one of them.
//
// Threads:   any.

#ifndef UASIO_ASIO_BACKENDS_NEW_URING_H_
#define UASIO_ASIO_BACKENDS_NEW_URING_H_

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "asio/backend.h"

namespace uasio {

// For up to `depth_max` requests in flight.  Returns
// - with liburing: UringBackend::Create();
// - without: Unimplemented, which names liburing.
absl::StatusOr<std::unique_ptr<Backend>> NewUringBackend(size_t depth_max);

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_NEW_URING_H_
