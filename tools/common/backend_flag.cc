#include "tools/common/backend_flag.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "asio/backends/table.h"
#include "tools/common/command_line.h"

ABSL_FLAG(std::string, backend, "auto",
          absl::StrCat("which backend does the I/O: auto, ",
                       absl::StrJoin(uasio::BackendNames(), ", ")));

namespace uasio {
namespace {

bool IsBackend(const std::string& name) {
  const std::vector<std::string> names = BackendNames();
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> BackendFromFlag(size_t depth_max) {
  const std::string name = absl::GetFlag(FLAGS_backend);
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      NewBackend(name, depth_max);
  if (!backend.ok() && !IsBackend(name)) {
    ExitWithUsage(backend.status().message());
  }
  return backend;
}

}  // namespace uasio
