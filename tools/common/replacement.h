// A Replacement is a file that takes another's place once it is whole.
//
// It is written under a temporary name beside its target, and renamed over it
// by Commit().  Until then the target is what it was; without a Commit() the
// temporary file is removed, also when SIGINT, SIGTERM, SIGHUP or SIGQUIT ends
// the program.  A target that is no regular file (a device, a FIFO) is opened
// and written itself.
//
// Threads:   one; see unfinished.h.
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
  // For `target`, or what it links to if it is a symbolic link.  Refuses one
  // that could not be written, or that is a link and leads nowhere.
  static absl::StatusOr<Replacement> Create(const std::string& target);

  // For an open file, to be written itself.
  static Replacement InPlace(File file);

  // Removes the temporary file.
  ~Replacement();
  Replacement(Replacement&& other) noexcept;
  Replacement& operator=(Replacement&&) = delete;

  const File& file() const { return file_; }

  // Whether the target is written itself.
  bool in_place() const { return temporary_.empty(); }

  // Closes the file; unless it is in place, gives it these permission bits,
  // where its file system has such, and the target's name.  With `durable`,
  // contents and name are on disk when it returns, if it is on one.
  // REQUIRES: it is called once at most.
  absl::Status Commit(mode_t permissions, bool durable);

 private:
  Replacement() = default;

  File file_;
  std::string target_;
  std::string temporary_;  // "": there is none (any more).
};

// For `target`; "-": standard output, written itself, at its file position.
absl::StatusOr<Replacement> OpenTarget(const std::string& target);

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_REPLACEMENT_H_
