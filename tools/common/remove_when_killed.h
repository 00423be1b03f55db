// The files that are not whole yet, and that go when SIGINT, SIGTERM, SIGHUP or
// SIGQUIT ends the program.  A signal that is ignored stays ignored.
//
// Threads:   one; all others must block these signals, as the library's do.
//
//   const FatalSignalsBlocked blocked;
//   absl::StatusOr<File> file = File::Open(path, O_CREAT | O_EXCL | O_WRONLY);
//   if (file.ok()) RemoveWhenKilled(path);

#ifndef UASIO_TOOLS_COMMON_REMOVE_WHEN_KILLED_H_
#define UASIO_TOOLS_COMMON_REMOVE_WHEN_KILLED_H_

#include <signal.h>

#include <string>

namespace uasio {

// Keeps the fatal signals waiting, while a file comes or goes.
class FatalSignalsBlocked {
 public:
  FatalSignalsBlocked();
  ~FatalSignalsBlocked();
  FatalSignalsBlocked(const FatalSignalsBlocked&) = delete;
  FatalSignalsBlocked& operator=(const FatalSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// Both REQUIRE that there is a FatalSignalsBlocked.
void RemoveWhenKilled(const std::string& path);
void KeepWhenKilled(const std::string& path);  // Again.

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_REMOVE_WHEN_KILLED_H_
