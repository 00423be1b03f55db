// asio_probe [PATH]: prints which backends work here, why others do not, and
// what direct I/O a path allows.

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tools/common/command_line.h"
#include "tools/probe/probe.h"

ABSL_FLAG(bool, json, false, "print JSON, for programs");

namespace uasio {
namespace {

constexpr char kUsage[] =
    "usage: asio_probe [FLAGS] [PATH]\n\n"
    "Prints which backends work here, why the others do not, and which one is\n"
    "the default.  For a PATH, also prints which direct I/O works there: it\n"
    "tries that on a scratch file in that directory (or beside that file); a\n"
    "block device is only read from.\n";

std::string Describe(const absl::Status& status) {
  return status.ok() ? "works" : std::string(status.message());
}

std::string Describe(const Finding& finding) {
  const std::string description = Describe(finding.status);
  return finding.caveat.empty()
             ? description
             : absl::StrCat(description, ", but ", finding.caveat);
}

void PrintFindings(const char* title, const std::vector<Finding>& findings) {
  std::printf("%s\n", title);
  for (const Finding& finding : findings) {
    std::printf("  %-24s %s\n", finding.name.c_str(),
                Describe(finding).c_str());
  }
}

void PrintText(const SystemReport& system) {
  PrintFindings("backends", system.backends);
  std::printf("  %-24s %s\n", "auto takes", system.auto_backend.c_str());
  std::printf("settings\n");
  for (const auto& [name, value] : system.settings) {
    std::printf("  %-24s %s\n", name.c_str(), value.c_str());
  }
}

void PrintText(const PathReport& path) {
  std::printf("%s\n", path.path.c_str());
  std::printf("  %-24s %s\n", "file system", path.file_system.c_str());
  std::printf("  %-24s %s\n", "O_DIRECT", Describe(path.direct).c_str());
  if (path.direct.ok()) {
    std::printf("  %-24s memory to %zu bytes, offset and length to %zu\n",
                "alignment", path.alignment.memory_bytes,
                path.alignment.offset_bytes);
  }
  PrintFindings("RWF_NOWAIT there", path.nowait);
  PrintFindings("backends there", path.backends);
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&quoted, "\\", std::string(1, c));
    } else if (static_cast<unsigned char>(c) < ' ') {
      absl::StrAppendFormat(&quoted, "\\u%04x", c);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

// {"name": "works" or why not, ...}
std::string Object(const std::vector<Finding>& findings) {
  return absl::StrCat("{",
                      absl::StrJoin(findings, ", ",
                                    [](std::string* out, const Finding& f) {
                                      absl::StrAppend(out, Quoted(f.name), ": ",
                                                      Quoted(Describe(f)));
                                    }),
                      "}");
}

std::string Json(const PathReport& path) {
  std::string alignment;
  if (path.direct.ok()) {
    alignment = absl::StrCat(
        "    \"memory_alignment_bytes\": ", path.alignment.memory_bytes,
        ",\n    \"offset_alignment_bytes\": ", path.alignment.offset_bytes,
        ",\n");
  }
  return absl::StrCat("{\n    \"path\": ", Quoted(path.path),
                      ",\n    \"file_system\": ", Quoted(path.file_system),
                      ",\n    \"direct\": ", Quoted(Describe(path.direct)),
                      ",\n", alignment, "    \"nowait\": ", Object(path.nowait),
                      ",\n    \"backends\": ", Object(path.backends), "\n  }");
}

void PrintJson(const SystemReport& system,
               const std::optional<PathReport>& path) {
  const std::string settings =
      absl::StrJoin(system.settings, ", ", [](std::string* out, const auto& s) {
        absl::StrAppend(out, Quoted(s.first), ": ", Quoted(s.second));
      });
  std::printf("{\n  \"backends\": %s,\n  \"auto\": %s,\n  \"settings\": {%s}",
              Object(system.backends).c_str(),
              Quoted(system.auto_backend).c_str(), settings.c_str());
  if (path.has_value()) std::printf(",\n  \"path\": %s", Json(*path).c_str());
  std::printf("\n}\n");
}

// If the path cannot be probed, text output still has the system's report; JSON
// output is complete or empty.
absl::Status Run(const std::vector<std::string>& paths) {
  if (paths.size() > 1) ExitWithUsage("there must be at most one PATH");
  const bool json = absl::GetFlag(FLAGS_json);
  const SystemReport system = ProbeSystem();
  if (!json) PrintText(system);
  std::optional<PathReport> report;
  if (!paths.empty()) {
    absl::StatusOr<PathReport> probed = ProbePath(paths[0]);
    if (!probed.ok()) return probed.status();
    report = *std::move(probed);
  }
  if (json) {
    PrintJson(system, report);
  } else if (report.has_value()) {
    PrintText(*report);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace uasio

int main(int argc, char** argv) {
  return uasio::ExitCode(
      uasio::Run(uasio::ParseCommandLine(argc, argv, uasio::kUsage)));
}
