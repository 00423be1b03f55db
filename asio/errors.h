// Errors in words: what failed, where, and why, for a person to read.
//
// Threads:   any.
// Errors:    an errno keeps its number's meaning in absl::StatusCode, as
//            absl::ErrnoToStatusCode() maps it, and its name in the message.

#ifndef UASIO_ASIO_ERRORS_H_
#define UASIO_ASIO_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace uasio {

// "ENOSPC (No space left on device)"; "errno 4711 (Unknown error 4711)".
std::string ErrnoWords(int error);

// "WHAT: ENOSPC (No space left on device)", with the code that fits.
// REQUIRES: error > 0.
absl::Status ErrnoStatus(int error, absl::string_view what);

// "fd 7 (/tmp/data)": the name is the one that /proc gives at this moment, and
// left away where there is none.
std::string FdWords(int fd);

}  // namespace uasio

#endif  // UASIO_ASIO_ERRORS_H_
