// Removes incomplete files when SIGINT, SIGTERM, SIGHUP or SIGQUIT ends the
// program.  A signal that is ignored stays ignored.
//
// Threads:   one; all others must block these signals, as the library's do.
//
//   const FatalSignalBlocker blocker;
//   absl::StatusOr<File> file = File::Open(path, O_CREAT | O_EXCL | O_WRONLY);
//   if (file.ok()) RemoveOnFatalSignal(path);

#ifndef UASIO_TOOLS_COMMON_FATAL_SIGNALS_H_
#define UASIO_TOOLS_COMMON_FATAL_SIGNALS_H_

#include <signal.h>

#include <string>

namespace uasio {

// Blocks the fatal signals while it exists: hold one while you create or remove
// such a file.
class FatalSignalBlocker {
 public:
  FatalSignalBlocker();
  ~FatalSignalBlocker();
  FatalSignalBlocker(const FatalSignalBlocker&) = delete;
  FatalSignalBlocker& operator=(const FatalSignalBlocker&) = delete;

 private:
  sigset_t before_;
};

// Has a fatal signal remove the file at `path`.
// REQUIRES, of this and the next: a FatalSignalBlocker exists.
void RemoveOnFatalSignal(const std::string& path);

// Undoes RemoveOnFatalSignal(); a path that was not given to it is fine.
void KeepOnFatalSignal(const std::string& path);

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_FATAL_SIGNALS_H_
