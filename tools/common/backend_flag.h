// The flag --backend: the name of the backend that a tool's queue uses.
//
// Errors:    absl::Status if that backend does not work here; the program
//            exits with 2 if there is no backend of that name.

#ifndef UASIO_TOOLS_COMMON_BACKEND_FLAG_H_
#define UASIO_TOOLS_COMMON_BACKEND_FLAG_H_

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "asio/backend.h"

namespace uasio {

// Makes the backend that --backend names, for a Queue of that depth_max.
absl::StatusOr<std::unique_ptr<Backend>> BackendFromFlag(size_t depth_max);

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_BACKEND_FLAG_H_
