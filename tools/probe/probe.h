// What a place in the file system, and the kernel, can do for direct I/O.
//
// Threads:   one.
// Blocks:    a scratch file of kProbeBytes is written, read, and removed, in
//            that directory or beside that file; a block device is only read
//            from.
// Errors:    what does not work is part of the report, in words.

#ifndef UASIO_TOOLS_PROBE_PROBE_H_
#define UASIO_TOOLS_PROBE_PROBE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "asio/file.h"

namespace uasio {

inline constexpr size_t kProbeBytes = 64 << 10;

struct Finding {
  std::string name;
  absl::Status status;  // OK, or why it does not work.
  std::string but;      // What to know of what works: "the workers ...".
};

struct PathReport {
  std::string path;
  std::string file_system;  // "ext4 on /dev/sda1".
  absl::Status direct;      // Whether O_DIRECT works; if so:
  Alignment alignment;
  std::vector<Finding> nowait;    // RWF_NOWAIT, by kind of transfer.
  std::vector<Finding> backends;  // Each one's direct transfers there.
};

// Fails if there is no such directory, regular file or block device, or no
// scratch file can be made there.
absl::StatusOr<PathReport> ProbePath(const std::string& path);

struct SystemReport {
  std::vector<Finding> backends;  // In the order of preference.
  std::string auto_backend;       // The one that is taken by default.
  // The settings of the system that the backends depend on, by name.
  std::vector<std::pair<std::string, std::string>> settings;
};

SystemReport ProbeSystem();

}  // namespace uasio

#endif  // UASIO_TOOLS_PROBE_PROBE_H_
