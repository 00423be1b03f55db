// Probes which backends work on this system, and which direct I/O a path
// allows.
//
// Threads:   one.
// Blocks:    while ProbePath() creates a scratch file of kProbeBytes in that
//            directory or beside that file, writes, reads and removes it; it
//            only reads from a block device.
// Errors:    what does not work is part of the report: Finding::status.

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
  std::string caveat;   // If it works: its limits, "the workers do its ...".
};

struct PathReport {
  std::string path;
  std::string file_system;        // "ext4 on /dev/sda1".
  absl::Status direct;            // Of O_DIRECT: OK, or why it does not work.
  Alignment alignment;            // If O_DIRECT works.
  std::vector<Finding> nowait;    // Of RWF_NOWAIT, by kind of transfer.
  std::vector<Finding> backends;  // Of a write and a read by each backend.
};

// Fails if the path is no directory, regular file or block device, or if it
// cannot create a scratch file there.
absl::StatusOr<PathReport> ProbePath(const std::string& path);

struct SystemReport {
  std::vector<Finding> backends;  // In the order of preference.
  std::string auto_backend;       // The default one.
  // Names and values of the system settings that the backends depend on.
  std::vector<std::pair<std::string, std::string>> settings;
};

SystemReport ProbeSystem();

}  // namespace uasio

#endif  // UASIO_TOOLS_PROBE_PROBE_H_
