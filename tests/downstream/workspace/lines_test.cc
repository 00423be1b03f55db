// A dependent's program: writes lines by a stream and reads them back.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "asio/backends/table.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"

namespace {

constexpr int kLines = 1000;

absl::Status WriteLines(const std::string& path) {
  absl::StatusOr<uasio::Writer> out = uasio::Writer::Open(path);
  if (!out.ok()) return out.status();
  for (int i = 0; i < kLines; ++i) out->Write("a line\n");
  return out->Close();
}

absl::StatusOr<int> CountLines(const std::string& path) {
  absl::StatusOr<uasio::Reader> in = uasio::Reader::Open(path);
  if (!in.ok()) return in.status();
  int lines = 0;
  for (absl::string_view line; in->ReadLine(&line, 100);) ++lines;
  if (!in->ok()) return in->status();
  return lines;
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main() {
  uasio::QueueOptions options;
  uasio::Queue queue(options, uasio::NewAutoBackend(options.depth_max).backend);
  const char* const folder = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(folder ? folder : "/tmp") + "/lines";
  const absl::Status written = WriteLines(path);
  if (!written.ok()) return Fail(written);
  const absl::StatusOr<int> lines = CountLines(path);
  if (!lines.ok()) return Fail(lines.status());
  return *lines == kLines ? 0 : 1;
}
