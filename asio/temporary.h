// A temporary file, for what does not fit into memory: open for reading and
// writing, and gone when it is closed, however the program ends.
//
// Ownership: the caller's, who has Writers and Readers borrow it in turn.
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

// Never has a name where the file system can do that (O_TMPFILE); elsewhere it
// has one for a moment.  `folder` "": $TMPDIR, or /tmp.
absl::StatusOr<File> OpenTemporary(std::string folder = "",
                                   File::Mode mode = File::Mode::kDirect);

}  // namespace uasio

#endif  // UASIO_ASIO_TEMPORARY_H_
