// A temporary file for data that does not fit into memory.  It is open for
// reading and writing, and disappears when it is closed or the program ends.
//
// Ownership: the caller's; Writers and Readers borrow it.
// Blocks:    as open(2).
// Errors:    absl::Status with the folder and the reason.
//
//   absl::StatusOr<File> file = OpenTemporary("/data");
//   if (!file.ok()) return file.status();
//   Writer out(&*file);
//   ...
//   if (!out.Close().ok()) return out.status();
//   Reader in(&*file);

#ifndef UASIO_ASIO_TEMPORARY_H_
#define UASIO_ASIO_TEMPORARY_H_

#include <string>

#include "absl/status/statusor.h"
#include "asio/file.h"

namespace uasio {

// Opens a temporary file in `folder`; "" means $TMPDIR, or else /tmp.  The file
// never has a name if the file system knows O_TMPFILE; else it has one for a
// moment.
absl::StatusOr<File> OpenTemporary(std::string folder = "",
                                   File::Mode mode = File::Mode::kDirect);

}  // namespace uasio

#endif  // UASIO_ASIO_TEMPORARY_H_
