// Standard input and output as Files, for tools that take - for a path.
//
// Ownership: the File has a duplicate of the fd.
// Errors:    absl::Status with the name and the reason.

#ifndef UASIO_TOOLS_COMMON_STANDARD_STREAMS_H_
#define UASIO_TOOLS_COMMON_STANDARD_STREAMS_H_

#include "absl/status/statusor.h"
#include "asio/file.h"

namespace uasio {

// Use them at their file position (kFilePosition).  The position may be
// unaligned, so O_DIRECT is cleared, for all fds that share the open file.
absl::StatusOr<File> StandardInput();
absl::StatusOr<File> StandardOutput();

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_STANDARD_STREAMS_H_
