#include "asio/backends/crash_log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"
#include "asio/file.h"
#include "asio/perform.h"

namespace uasio {
namespace {

// The same file through the page cache, readable and writable, whatever the fd
// itself is like.
absl::StatusOr<File> Reopen(int fd) {
  return File::Open(absl::StrCat("/proc/self/fd/", fd), O_RDWR, 0,
                    File::Mode::kBuffered);
}

// Reads into, or writes from, all of `bytes`, and cuts it to what there was.
absl::Status Move(Op op, const File& file, int64_t offset, std::string* bytes) {
  Request request;
  request.op = op;
  request.fd = file.fd();
  request.offset = offset;
  request.buffer = bytes->data();
  request.length = bytes->size();
  Transfer transfer = MakeTransfer(request);
  request.result = Perform(&transfer);
  if (request.result >= 0) bytes->resize(request.result);
  return request.status();
}

}  // namespace

absl::Status CrashLog::Keep(const Request& write, uint64_t started) {
  const absl::StatusOr<File> file = Reopen(write.fd);
  if (!file.ok()) return file.status();
  const absl::StatusOr<int64_t> size = file->Size();
  if (!size.ok()) return size.status();
  Entry entry = {write.fd, write.offset, 0, "", *size, started, 0};
  entry.end = write.offset + static_cast<int64_t>(write.length);
  entry.replaced.resize(write.length);
  const absl::Status read =
      Move(Op::kRead, *file, write.offset, &entry.replaced);
  if (read.ok()) entries_.push_back(std::move(entry));
  return read;
}

void CrashLog::Finished(uint64_t started) {
  for (Entry& entry : entries_) {
    if (entry.started == started) entry.finished = Tick();
  }
}

void CrashLog::Synced(int fd, uint64_t started) {
  const auto covered = [&](const Entry& entry) {
    if (entry.fd != fd || entry.finished == 0 || entry.finished > started) {
      return false;
    }
    int64_t& end = durable_ends_[fd];
    end = std::max(end, entry.end);
    return true;
  };
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), covered),
                 entries_.end());
}

absl::Status CrashLog::Undo() {
  absl::Status status;
  for (; !entries_.empty() && status.ok(); entries_.pop_back()) {
    Entry& entry = entries_.back();
    const absl::StatusOr<File> file = Reopen(entry.fd);
    if (!file.ok()) return file.status();
    status = Move(Op::kWrite, *file, entry.offset, &entry.replaced);
    if (!status.ok() || entry.end <= entry.size) continue;
    const int64_t size = std::max(entry.size, durable_ends_[entry.fd]);
    if (ftruncate(file->fd(), size) != 0) {
      status = ErrnoStatus(
          errno, absl::StrCat("cannot cut ", FdWords(entry.fd), " to ", size));
    }
  }
  return status;
}

}  // namespace uasio
