// asio_scatter: splits the records of a file into many files, and merges them.
//
// The worked example of the streams: scatter.cc shows how to use them.

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "tools/common/backend_flag.h"
#include "tools/common/command_line.h"
#include "tools/common/replacement.h"
#include "tools/common/standard_streams.h"
#include "tools/scatter/scatter.h"

ABSL_FLAG(bool, merge, false, "merge instead of splitting");
ABSL_FLAG(uint32_t, parts, 64, "the number of parts");
ABSL_FLAG(std::string, by, "turns",
          "what chooses the part of a record: turns (the first record goes to "
          "the first part, ...) or hash (equal records go to one part)");
ABSL_FLAG(std::string, record, "line",
          "what a record is: line, or a number of bytes, like 100 or 4k");
ABSL_FLAG(uasio::Bytes, line_max, uasio::Bytes{1 << 20},
          "the maximum length of a line, with its newline");
ABSL_FLAG(uasio::Bytes, buffer, uasio::Bytes{256 << 10},
          "the size of a block, a multiple of 4k; there are two for each part, "
          "and two for each of --depth");
ABSL_FLAG(uint32_t, depth, 4,
          "how many blocks of a file are read ahead, or written, at a time");

namespace uasio {
namespace {

constexpr char kUsage[] = R"(usage: asio_scatter [FLAGS] SRC PREFIX
       asio_scatter --merge [FLAGS] PREFIX DST

Splits the records of SRC into new files PREFIX-00000-of-00064, ..., or merges
them into DST, which then equals SRC; - is standard input or output.  Merge with
the same --parts, --by, --record and --line-max as you split with.

With --by=hash, PREFIX-order has the part of each record, in two bytes; it is
only needed to merge.
)";

constexpr uint32_t kDepthMax = 1024;
constexpr uint64_t kRecordMax = 1 << 30;

struct Job {
  std::string from, to;
  bool merges;
  QueueOptions queue;
  ScatterOptions scatter;
};

// --record and --line-max.
void ParseRecord(ScatterOptions* scatter) {
  const std::string text = absl::GetFlag(FLAGS_record);
  Bytes bytes = {0};
  std::string error;
  if (text != "line" && (!AbslParseFlag(text, &bytes, &error) ||
                         bytes.count == 0 || bytes.count > kRecordMax)) {
    ExitWithUsage("--record must be line, or a number of bytes up to 1g");
  }
  scatter->record_bytes = bytes.count;
  scatter->line_bytes_max = absl::GetFlag(FLAGS_line_max).count;
  if (scatter->line_bytes_max == 0 || scatter->line_bytes_max > kRecordMax) {
    ExitWithUsage("--line-max must be from 1 to 1g");
  }
}

void ParseScatter(ScatterOptions* scatter) {
  scatter->parts = absl::GetFlag(FLAGS_parts);
  if (scatter->parts == 0 || scatter->parts > kPartsMax) {
    ExitWithUsage(absl::StrCat("--parts must be from 1 to ", kPartsMax));
  }
  const std::string by = absl::GetFlag(FLAGS_by);
  if (by != "turns" && by != "hash") {
    ExitWithUsage("--by must be turns or hash");
  }
  scatter->by_hash = by == "hash";
  scatter->streams.depth = absl::GetFlag(FLAGS_depth);
  if (scatter->streams.depth == 0 || scatter->streams.depth > kDepthMax) {
    ExitWithUsage(absl::StrCat("--depth must be from 1 to ", kDepthMax));
  }
  ParseRecord(scatter);
}

Job ParseJob(int argc, char** argv) {
  const std::vector<std::string> paths = ParseCommandLine(argc, argv, kUsage);
  Job job;
  job.merges = absl::GetFlag(FLAGS_merge);
  if (paths.size() != 2) {
    ExitWithUsage(job.merges ? "there must be one PREFIX and one DST"
                             : "there must be one SRC and one PREFIX");
  }
  job.from = paths[0];
  job.to = paths[1];
  ParseScatter(&job.scatter);
  job.scatter.prefix = job.merges ? job.from : job.to;
  const uint64_t buffer = absl::GetFlag(FLAGS_buffer).count;
  if (buffer == 0 || buffer % kBufferAlignment != 0 || buffer > 1 << 30) {
    ExitWithUsage("--buffer must be a multiple of 4k, and at most 1g");
  }
  job.queue.buffer_bytes = buffer;
  job.queue.requests_max =
      2 * (job.scatter.parts + 1 + job.scatter.streams.depth);
  return job;
}

// Raises the limit of open files to its maximum, and fails if that is too low:
// all parts are open at the same time.  The library's own fds are not counted;
// if they exceed the limit, opening a part fails.
absl::Status RaiseFileLimit(size_t parts) {
  // The standard fds, the order file, and SRC or DST.
  constexpr size_t kOthers = 5;
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::OkStatus();
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (parts + kOthers <= limit.rlim_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(parts, " parts need as many open files, but the limit is ",
                   limit.rlim_max, " (ulimit -Hn)"));
}

absl::Status RunSplit(const Job& job) {
  StreamOptions options = job.scatter.streams;
  struct stat info;
  if (job.from != "-") {
    if (stat(job.from.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      return ErrnoStatus(EISDIR, absl::StrCat("cannot read ", job.from));
    }
    ReaderOptions of_file;
    static_cast<StreamOptions&>(of_file) = options;
    absl::StatusOr<Reader> in = Reader::Open(job.from, of_file);
    return in.ok() ? SplitRecords(&*in, job.scatter) : in.status();
  }
  absl::StatusOr<File> file = StandardInput();
  if (!file.ok()) return file.status();
  options.offset = kFilePosition;
  Reader in(*std::move(file), options);
  return SplitRecords(&in, job.scatter);
}

absl::Status RunMerge(const Job& job) {
  absl::StatusOr<Replacement> target = OpenTarget(job.to);
  if (!target.ok()) return target.status();
  StreamOptions options = job.scatter.streams;
  if (target->in_place()) options.offset = kFilePosition;
  Writer out(&target->file(), options);
  absl::Status status = MergeRecords(job.scatter, &out);
  status.Update(out.Close());
  return status.ok() ? target->Commit(NewFileMode(), false) : status;
}

absl::Status Run(Job job) {
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      BackendFromFlag(job.queue.depth_max);
  if (!backend.ok()) return backend.status();
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      Queue::Create(job.queue, *std::move(backend));
  if (!queue.ok()) return queue.status();
  job.scatter.streams.queue = queue->get();
  absl::Status status = RaiseFileLimit(job.scatter.parts);
  if (status.ok()) status = job.merges ? RunMerge(job) : RunSplit(job);
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("cannot ", job.merges ? "merge " : "split ",
                                   PathWords(job.from), " to ",
                                   PathWords(job.to), ": ", status.message()));
}

}  // namespace
}  // namespace uasio

int main(int argc, char** argv) {
  uasio::IgnoreSignalsOfFailedWrites();
  return uasio::ExitCode(uasio::Run(uasio::ParseJob(argc, argv)));
}
