// Error messages for a person to read: what failed, where, and why.
//
// Threads:   any.
// Errors:    absl::ErrnoToStatusCode() chooses the status code; the message
//            has the errno's name.

#ifndef UASIO_ASIO_ERRORS_H_
#define UASIO_ASIO_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace uasio {

// "ENOSPC (No space left on device)", or, for an errno without a name,
// "errno 4711 (Unknown error 4711)".
std::string ErrnoWords(int error);

// A status with the message "WHAT: ENOSPC (No space left on device)".
// REQUIRES: error > 0.
absl::Status ErrnoStatus(int error, absl::string_view what);

// `path` for a message; "\"\" (the name is empty)" if it is empty.
std::string PathWords(absl::string_view path);

// "fd 7 (/tmp/data)", with the name that /proc gives now, or "fd 7" if it
// gives none.
std::string FdWords(int fd);

}  // namespace uasio

#endif  // UASIO_ASIO_ERRORS_H_
