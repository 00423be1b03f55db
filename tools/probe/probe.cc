#include "tools/probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "asio/backends/table.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/queue.h"
#include "asio/temporary.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

constexpr size_t kDepth = 4;

// Returns "ext4 on /dev/sda1", from /proc/self/mountinfo (proc(5)).
std::string FileSystemOf(const std::string& folder) {
  struct stat info;
  if (stat(folder.c_str(), &info) != 0) return "unknown";
  const std::string device =
      absl::StrCat(major(info.st_dev), ":", minor(info.st_dev));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const std::vector<std::string> halves = absl::StrSplit(line, " - ");
    const std::vector<std::string> left = absl::StrSplit(halves[0], ' ');
    if (halves.size() != 2 || left.size() < 3 || left[2] != device) continue;
    const std::vector<std::string> right = absl::StrSplit(halves[1], ' ');
    if (right.size() >= 2) return absl::StrCat(right[0], " on ", right[1]);
  }
  struct statfs fs;
  if (statfs(folder.c_str(), &fs) != 0) return "unknown";
  return absl::StrCat("type 0x", absl::Hex(fs.f_type), " of statfs(2)");
}

// REQUIRES: the path is absolute.
std::string FolderOf(const std::string& path, const struct stat& info) {
  if (S_ISDIR(info.st_mode)) return path;
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// What is probed: a scratch file, which is writable, or a block device, which
// is not.
struct Object {
  File file;
  bool writable;
};

absl::StatusOr<Object> OpenObject(const std::string& path,
                                  const struct stat& info) {
  if (S_ISBLK(info.st_mode)) {
    absl::StatusOr<File> disk = File::Open(path, O_RDONLY);
    if (!disk.ok()) return disk.status();
    return Object{*std::move(disk), false};
  }
  if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot probe ", path,
        ": it is neither a directory, a regular file nor a block device"));
  }
  absl::StatusOr<File> scratch = OpenTemporary(FolderOf(path, info));
  if (!scratch.ok()) return scratch.status();
  return Object{*std::move(scratch), true};
}

// One transfer of a block or sector by preadv2(2) or pwritev2(2) with
// RWF_NOWAIT.
// REQUIRES: `block` has kProbeBytes.
absl::Status TryNoWait(const File& file, bool write, char* block) {
  const iovec iov = {block,
                     std::max(kBufferAlignment, file.alignment().offset_bytes)};
  const ssize_t n = write ? pwritev2(file.fd(), &iov, 1, 0, RWF_NOWAIT)
                          : preadv2(file.fd(), &iov, 1, 0, RWF_NOWAIT);
  if (n >= 0) return absl::OkStatus();
  return absl::Status(absl::ErrnoToStatusCode(errno), ErrnoWords(errno));
}

// REQUIRES: the file's first block is written.
std::vector<Finding> TryNoWaits(const Object& object, char* block) {
  std::vector<Finding> findings;
  const auto add = [&](const char* kind, const File& f) {
    findings.push_back({absl::StrCat(kind, " read"),
                        TryNoWait(f, /*write=*/false, block), ""});
    if (!object.writable) return;
    findings.push_back({absl::StrCat(kind, " write"),
                        TryNoWait(f, /*write=*/true, block), ""});
  };
  if (object.file.direct()) add("direct", object.file);
  const absl::StatusOr<File> buffered =
      File::Open(absl::StrCat("/proc/self/fd/", object.file.fd()),
                 object.writable ? O_RDWR : O_RDONLY, 0, File::Mode::kBuffered);
  if (!buffered.ok()) return findings;
  // Brings the block into the page cache.
  if (pread(buffered->fd(), block, kProbeBytes, 0) > 0) {
    add("buffered", *buffered);
  }
  return findings;
}

struct TransferResult {
  absl::Status status;
  bool by_workers = false;  // The workers did it, not the backend.
};

// Does one transfer of kProbeBytes through a queue on that backend.
TransferResult TryTransfer(const std::string& backend_name, Op op,
                           const File& file) {
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      NewBackend(backend_name, kDepth);
  if (!backend.ok()) return {backend.status()};
  WorkerPool pool;  // Has a thread if the workers did the transfer.
  QueueOptions options;
  options.buffer_bytes = kProbeBytes;
  options.depth_max = kDepth;
  options.pool = &pool;
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      Queue::Create(options, *std::move(backend));
  if (!queue.ok()) return {queue.status()};
  Request* r = (*queue)->Get();
  if (r == nullptr) return {ErrnoStatus(ENOMEM, "no memory for a buffer")};
  memset(r->buffer, 1, kProbeBytes);
  r->op = op;
  r->fd = file.fd();
  r->length = kProbeBytes;
  (*queue)->Submit(r);
  r = (*queue)->Wait();
  TransferResult transfer = {r->status(), pool.threads() > 0};
  if (transfer.status.ok() && r->result != static_cast<int64_t>(kProbeBytes)) {
    transfer.status = absl::DataLossError("short transfer");
  }
  (*queue)->Put(r);
  return transfer;
}

// Allocates the file's blocks: a later write with RWF_NOWAIT that had to
// allocate might fail.
absl::Status FillScratch(const File& file) {
  const TransferResult transfer = TryTransfer("worker", Op::kWrite, file);
  if (!transfer.status.ok()) return transfer.status;
  return fsync(file.fd()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, "fsync");
}

// Returns the probable reason that kaio left its writes to the workers: the
// error of a write with RWF_NOWAIT, which kaio uses.
std::string WhyByWorkers(const File& file, char* block) {
  const absl::Status nowait = TryNoWait(file, /*write=*/true, block);
  return nowait.ok() ? "" : absl::StrCat(": RWF_NOWAIT: ", nowait.message());
}

// Writes, if the object is writable, and reads through queues on that backend.
Finding TryBackend(const BackendVerdict& verdict, const Object& object,
                   char* block) {
  Finding finding = {verdict.name, verdict.status, ""};
  if (!finding.status.ok()) return finding;
  const bool is_kernel_backend =
      verdict.name == "uring" || verdict.name == "kaio";
  if (is_kernel_backend && !object.file.direct()) {
    finding.status = absl::UnimplementedError(
        "leaves it to the workers: it does direct I/O only");
    return finding;
  }
  for (const Op op : {Op::kWrite, Op::kRead}) {
    if (op == Op::kWrite && !object.writable) continue;
    const TransferResult transfer = TryTransfer(verdict.name, op, object.file);
    finding.status = transfer.status;
    if (!finding.status.ok()) return finding;
    if (!is_kernel_backend || !transfer.by_workers) continue;
    absl::StrAppend(&finding.caveat, finding.caveat.empty() ? "" : "; ",
                    "the workers do its ", OpName(op), "s");
    if (op == Op::kWrite && verdict.name == "kaio") {
      absl::StrAppend(&finding.caveat, WhyByWorkers(object.file, block));
    }
  }
  return finding;
}

std::string ContentsOf(const char* path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return "not there";
  return line;
}

std::string DescribeLimit(int resource) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return "unknown";
  if (limit.rlim_cur == RLIM_INFINITY) return "unlimited";
  return absl::StrCat(limit.rlim_cur, " bytes");
}

}  // namespace

absl::StatusOr<PathReport> ProbePath(const std::string& path) {
  struct stat info;
  char real_path[PATH_MAX];  // A link may lead to another file system.
  if (realpath(path.c_str(), real_path) == nullptr ||
      stat(real_path, &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot probe ", PathWords(path)));
  }
  PathReport report;
  report.path = path;
  const absl::StatusOr<Object> object = OpenObject(real_path, info);
  if (!object.ok()) return object.status();
  report.file_system = object->writable
                           ? FileSystemOf(FolderOf(real_path, info))
                           : "none: a block device, only read from";
  const Buffer block = Buffer::Allocate(kProbeBytes);
  if (block.empty()) return ErrnoStatus(ENOMEM, "no memory for a block");
  report.alignment = object->file.alignment();
  if (!object->file.direct()) {
    report.direct = absl::UnimplementedError(object->file.why_buffered());
  }
  if (object->writable) {
    const absl::Status filled = FillScratch(object->file);
    if (!filled.ok()) return filled;
  }
  for (const BackendVerdict& verdict : ProbeBackends()) {
    report.backends.push_back(TryBackend(verdict, *object, block.data()));
  }
  report.nowait = TryNoWaits(*object, block.data());
  return report;
}

SystemReport ProbeSystem() {
  SystemReport report;
  for (const BackendVerdict& verdict : ProbeBackends()) {
    report.backends.push_back({verdict.name, verdict.status, ""});
  }
  report.auto_backend = NewAutoBackend(kDepth).name;
  struct utsname system;
  if (uname(&system) == 0)
    report.settings.push_back({"kernel", system.release});
  report.settings.push_back({"kernel.io_uring_disabled",
                             ContentsOf("/proc/sys/kernel/io_uring_disabled")});
  report.settings.push_back(
      {"fs.aio-max-nr", ContentsOf("/proc/sys/fs/aio-max-nr")});
  report.settings.push_back({"fs.aio-nr", ContentsOf("/proc/sys/fs/aio-nr")});
  report.settings.push_back({"RLIMIT_MEMLOCK", DescribeLimit(RLIMIT_MEMLOCK)});
  return report;
}

}  // namespace uasio
