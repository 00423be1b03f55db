// A Replacement is a file that replaces another when it is complete.
//
// It is written under a temporary name in the target's directory; Commit()
// renames it to the target's name.  Until then the target does not change.
// Without a Commit() the temporary file is removed, also when SIGINT, SIGTERM,
// SIGHUP or SIGQUIT ends the program.  A target that exists and is no regular
// file (a device, a FIFO) is written in place.
//
// Threads:   one; see fatal_signals.h.
// Errors:    absl::Status with the path and the reason.

#ifndef UASIO_TOOLS_COMMON_REPLACEMENT_H_
#define UASIO_TOOLS_COMMON_REPLACEMENT_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "asio/file.h"

namespace uasio {

// The permission bits that open(2) would give to a new file.
mode_t NewFileMode();

class Replacement {
 public:
  // Replaces `target`, or the file that it links to if it is a symbolic link.
  // Fails if the target may not be written, or the link is dangling.
  static absl::StatusOr<Replacement> Create(const std::string& target);

  // Writes an open file in place.
  static Replacement InPlace(File file);

  // Removes the temporary file, unless Commit() has renamed it.
  ~Replacement();
  Replacement(Replacement&& other) noexcept;
  Replacement& operator=(Replacement&&) = delete;

  const File& file() const { return file_; }

  // True: the target itself is written; there is no temporary file.
  bool in_place() const { return temporary_.empty(); }

  // Closes the file.  Unless it is in place, first sets these permission bits,
  // if the file system has any, and then renames it to the target.  With
  // `durable`, contents and name are on disk when it returns, except for files
  // that fsync(2) does not support (pipes, terminals).
  // REQUIRES: at most one call.
  absl::Status Commit(mode_t permissions, bool durable);

 private:
  Replacement() = default;

  File file_;
  std::string target_;
  std::string temporary_;  // Its path; "": in place, or renamed.
};

// Opens `target` for writing; "-" is standard output, in place, at its file
// position.
absl::StatusOr<Replacement> OpenTarget(const std::string& target);

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_REPLACEMENT_H_
