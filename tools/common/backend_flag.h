// --backend, for tools whose queue has one of the backends by name.

#ifndef UASIO_TOOLS_COMMON_BACKEND_FLAG_H_
#define UASIO_TOOLS_COMMON_BACKEND_FLAG_H_

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "asio/backend.h"

namespace uasio {

// The one that --backend names, for a Queue of that depth_max; an error if it
// does not work here.  For a name that no backend has, exits with 2.
absl::StatusOr<std::unique_ptr<Backend>> BackendFromFlag(size_t depth_max);

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_BACKEND_FLAG_H_
