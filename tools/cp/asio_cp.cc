// asio_cp SRC DST: copies a file by direct I/O, with read-ahead and write-back.
//
// The worked example of the library: copy.cc shows how to use a queue.

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "tools/common/backend_flag.h"
#include "tools/common/command_line.h"
#include "tools/common/replacement.h"
#include "tools/common/standard_streams.h"
#include "tools/cp/compare.h"
#include "tools/cp/copy.h"
#include "tools/cp/progress.h"

ABSL_FLAG(uasio::Bytes, buffer, uasio::Bytes{1 << 20},
          "the size of a block, a multiple of 4k");
ABSL_FLAG(uint32_t, depth, 8,
          "how many blocks are read ahead, and how many written, at a time");
ABSL_FLAG(bool, verify, false,
          "before the copy replaces DST, read it and SRC again and compare "
          "them");
ABSL_FLAG(bool, sync, false,
          "return when the copy and its name are on the disk (fsync)");
ABSL_FLAG(bool, stats, false,
          "in the end, say on stderr what the queue has done: operations, "
          "bytes, latency, and what waited where");
ABSL_FLAG(
    uasio::Progress::When, progress, uasio::Progress::When::kAuto,
    "whether to draw a bar on stderr: auto (on a terminal), always or never");

namespace uasio {
namespace {

constexpr char kUsage[] = R"(usage: asio_cp [FLAGS] SRC DST

Copies SRC to DST by direct I/O; - is standard input or output.  The copy is
written under a temporary name beside DST and renamed to DST when complete; it
gets SRC's permission bits, and holes where SRC has them.
)";

constexpr uint32_t kDepthMax = 1024;
constexpr mode_t kPermissionBits = 0777;

// The command line.
struct Job {
  std::string source;
  std::string target;
  QueueOptions queue;
  size_t depth;
};

Job ParseJob(int argc, char** argv) {
  const std::vector<std::string> paths = ParseCommandLine(argc, argv, kUsage);
  if (paths.size() != 2) ExitWithUsage("there must be one SRC and one DST");
  const uint64_t buffer = absl::GetFlag(FLAGS_buffer).count;
  if (buffer == 0 || buffer % kBufferAlignment != 0 || buffer > 1 << 30) {
    ExitWithUsage("--buffer must be a multiple of 4k, and at most 1g");
  }
  const uint32_t depth = absl::GetFlag(FLAGS_depth);
  if (depth == 0 || depth > kDepthMax) {
    ExitWithUsage(absl::StrCat("--depth must be from 1 to ", kDepthMax));
  }
  if (absl::GetFlag(FLAGS_verify) && (paths[0] == "-" || paths[1] == "-")) {
    ExitWithUsage("--verify needs two files that can be read again, not -");
  }
  Job job = {paths[0], paths[1], {}, depth};
  job.queue.buffer_bytes = buffer;
  job.queue.writebacks_max = depth;
  job.queue.depth_max = job.queue.requests_max = 2 * size_t{depth};
  job.queue.measure_latency = absl::GetFlag(FLAGS_stats);
  job.queue.threads_max = std::min<size_t>(job.queue.depth_max, 32);
  return job;
}

// Returns the permission bits for the copy of `source`, opened from `path`.
mode_t ModeFor(const File& source, const std::string& path) {
  struct stat info;
  if (path == "-" || fstat(source.fd(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return NewFileMode();
  }
  return info.st_mode & kPermissionBits;
}

// If the file is a pipe, enlarges it to a block, or to the size that is allowed
// for unprivileged users by default (/proc/sys/fs/pipe-max-size): a read
// returns at most what is in the pipe.  If that fails, copying is only slower.
void EnlargePipe(const File& file, size_t block_bytes) {
  constexpr size_t kPipeBytesMax = 1 << 20;
  const int bytes = static_cast<int>(std::min(block_bytes, kPipeBytesMax));
  const int before = fcntl(file.fd(), F_GETPIPE_SZ);
  if (before >= 0 && before < bytes) fcntl(file.fd(), F_SETPIPE_SZ, bytes);
}

absl::StatusOr<File> OpenSource(const std::string& path) {
  absl::StatusOr<File> file =
      path == "-" ? StandardInput() : File::Open(path, O_RDONLY);
  struct stat info;
  if (file.ok() && fstat(file->fd(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return ErrnoStatus(EISDIR, absl::StrCat("cannot copy ", file->path()));
  }
  return file;
}

// Refuses to copy a file or disk onto itself.
absl::Status CheckDistinct(const File& source, const std::string& target) {
  struct stat a, b;
  if (fstat(source.fd(), &a) != 0 ||
      (target == "-" ? fstat(STDOUT_FILENO, &b) : stat(target.c_str(), &b))) {
    return absl::OkStatus();
  }
  const bool same_file = S_ISREG(a.st_mode) && S_ISREG(b.st_mode) &&
                         a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  const bool same_disk =
      S_ISBLK(a.st_mode) && S_ISBLK(b.st_mode) && a.st_rdev == b.st_rdev;
  if (!same_file && !same_disk) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(source.path(), " and ", target, " are the same file"));
}

bool IsStream(const File& file, const std::string& path) {
  return path == "-" || !file.Size().ok();
}

// Copies, and with --verify compares.
absl::Status CopyAndVerify(const Job& job, Queue* queue, const File& source,
                           const Replacement& target) {
  const bool verify = absl::GetFlag(FLAGS_verify);
  const bool from_stream = IsStream(source, job.source);
  if (verify && (from_stream || target.in_place())) {
    return absl::InvalidArgumentError(
        "--verify needs two files that can be read again");
  }
  Progress progress(absl::GetFlag(FLAGS_progress));
  absl::Status status =
      CopyFile(queue, {&source, from_stream},
               {&target.file(), IsStream(target.file(), job.target)}, job.depth,
               &progress)
          .status();
  if (status.ok() && verify) {
    status = CompareFiles(queue, source, target.file(), job.depth, &progress);
  }
  return status;
}

void PrintStats(const Queue& queue) {
  std::fprintf(stderr, "asio_cp: on %s\n%s\n",
               std::string(queue.backend_name()).c_str(),
               queue.stats().ToString().c_str());
}

absl::Status Run(const Job& job) {
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      BackendFromFlag(job.queue.depth_max);
  if (!backend.ok()) return backend.status();
  absl::StatusOr<File> source = OpenSource(job.source);
  if (!source.ok()) return source.status();
  absl::Status status = CheckDistinct(*source, job.target);
  if (!status.ok()) return status;
  EnlargePipe(*source, job.queue.buffer_bytes);
  absl::StatusOr<Replacement> target = OpenTarget(job.target);
  if (!target.ok()) return target.status();
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      Queue::Create(job.queue, *std::move(backend));
  if (!queue.ok()) return queue.status();
  status = CopyAndVerify(job, queue->get(), *source, *target);
  if (absl::GetFlag(FLAGS_stats)) PrintStats(**queue);
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat("cannot copy ", job.source, " to ",
                                     job.target, ": ", status.message()));
  }
  return target->Commit(ModeFor(*source, job.source),
                        absl::GetFlag(FLAGS_sync));
}

}  // namespace
}  // namespace uasio

int main(int argc, char** argv) {
  uasio::IgnoreSignalsOfFailedWrites();
  return uasio::ExitCode(uasio::Run(uasio::ParseJob(argc, argv)));
}
