// The backends by name, and which of them work on this system.
//
// Threads:   any.
// Blocks:    ProbeBackends() while it tries a backend, for milliseconds; five
//            seconds if the kernel does not complete the test read.
// Errors:    absl::Status; the status of a backend that does not work names the
//            system call that failed and the system setting that may be why.
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

// "uring", "kaio", "worker", "sync": in order of preference.
std::vector<std::string> BackendNames();

// Makes a backend for a Queue of that depth_max.  Returns
// - for "worker": nullptr, since every queue has its workers;
// - for "auto": the backend of NewAutoBackend();
// - for the other BackendNames(): that backend, or why it does not work;
// - for an unknown name, or a depth_max of 0: InvalidArgument.
absl::StatusOr<std::unique_ptr<Backend>> NewBackend(absl::string_view name,
                                                    size_t depth_max);

// The outcome of trying one backend with a real request.
struct BackendVerdict {
  std::string name;
  absl::Status status;  // OK, or why it does not work.
};

// The verdicts in the order of BackendNames().  Tries every backend, and
// remembers the verdict for the process, unless the backend lacked what may be
// there a moment later (fds, memory, room in fs.aio-max-nr): such a backend is
// tried again by the next call.  A backend whose test read did not complete in
// time is tried again by a call five minutes later; each time leaks that
// backend, so after four timeouts the verdicts of DeadlineExceeded stay.
std::vector<BackendVerdict> ProbeBackends();

struct BackendChoice {
  std::string name;
  std::unique_ptr<Backend> backend;
  std::vector<BackendVerdict> passed_over;  // Preferred ones that do not work.
};

// The most preferred backend that works; nullptr if that is the workers.
BackendChoice NewAutoBackend(size_t depth_max);

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_TABLE_H_
