// The error of a system call that sets up a backend, with a hint at the system
// setting that may be why.
//
// Threads:   any.

#ifndef UASIO_ASIO_BACKENDS_SETUP_ERROR_H_
#define UASIO_ASIO_BACKENDS_SETUP_ERROR_H_

#include <initializer_list>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "asio/errors.h"

namespace uasio {

struct SetupHint {
  int error;  // An errno.
  const char* words;
};

// "io_setup: EPERM (Operation not permitted); a seccomp filter forbids it".
inline absl::Status SetupError(const char* call, int error,
                               std::initializer_list<SetupHint> hints) {
  const absl::Status status = ErrnoStatus(error, call);
  for (const SetupHint& hint : hints) {
    if (hint.error != error) continue;
    return absl::Status(status.code(),
                        absl::StrCat(status.message(), "; ", hint.words));
  }
  return status;
}

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_SETUP_ERROR_H_
