// The backends by name, and which of them work here.
//
// Threads:   any.
// Blocks:    the first ProbeBackends() of a process, for milliseconds.
// Errors:    absl::Status; why a backend does not work says which system call
//            failed, and which setting of the system may be behind it.
//
//   Queue queue(options, NewAutoBackend(options.depth_max).backend);

#ifndef UASIO_ASIO_BACKENDS_TABLE_H_
#define UASIO_ASIO_BACKENDS_TABLE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "asio/backend.h"

namespace uasio {

// "uring", "kaio", "worker", "sync": the one to be preferred first.
std::vector<std::string> BackendNames();

// A backend for a Queue of that depth_max; for "worker" that is nullptr, since
// every queue has its workers; for "auto", that of NewAutoBackend().
absl::StatusOr<std::unique_ptr<Backend>> NewBackend(absl::string_view name,
                                                    size_t depth_max);

// What came of trying one backend by a real request.
struct BackendVerdict {
  std::string name;
  absl::Status status;  // OK, or why it is passed over.
};

// Tries all of them, once per process; in BackendNames()' order.
const std::vector<BackendVerdict>& ProbeBackends();

struct BackendChoice {
  std::string name;
  std::unique_ptr<Backend> backend;
  std::vector<BackendVerdict> passed_over;  // The better ones, and why.
};

// The best backend that works, which may be the workers.
BackendChoice NewAutoBackend(size_t depth_max);

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_TABLE_H_
