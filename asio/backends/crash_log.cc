#include "asio/backends/crash_log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"
#include "asio/file.h"
#include "asio/internal/request_transfer.h"
#include "asio/syscalls/perform.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio {
namespace {

// Opens the fd's file for buffered reads and writes, whatever its own mode.
absl::StatusOr<File> Reopen(int fd) {
  return File::Open(absl::StrCat("/proc/self/fd/", fd), O_RDWR, 0,
                    File::Mode::kBuffered);
}

// Reads or writes all of `bytes`; resizes it to the number transferred.
absl::Status Move(Op op, const File& file, int64_t offset, std::string* bytes) {
  Request request;
  request.op = op;
  request.fd = file.fd();
  request.offset = offset;
  request.buffer = bytes->data();
  request.length = bytes->size();
  Transfer transfer = internal::MakeTransfer(request);
  request.result = Perform(&transfer);
  if (request.result >= 0) bytes->resize(request.result);
  return request.status();
}

// The offset that the rest of `write` goes to; negative: the write will fail.
int64_t Position(const Request& write, int64_t size) {
  if (Appends(write)) return size;
  if (write.offset == kFilePosition) return lseek(write.fd, 0, SEEK_CUR);
  return write.offset + static_cast<int64_t>(write.transferred);
}

}  // namespace

absl::Status CrashLog::RecordWrite(const Request& write, uint64_t started) {
  const absl::StatusOr<File> file = Reopen(write.fd);
  if (!file.ok()) return file.status();
  const absl::StatusOr<int64_t> size = file->Size();
  if (!size.ok()) return size.status();
  const int64_t at = Position(write, *size);
  if (at < 0) return absl::OkStatus();
  Entry entry = {write.fd,      at, at, "", *size, write.transferred, started,
                 /*finished=*/0};
  const size_t there = static_cast<size_t>(std::max<int64_t>(*size - at, 0));
  entry.replaced.resize(std::min(write.length - write.transferred, there));
  const absl::Status read = Move(Op::kRead, *file, at, &entry.replaced);
  if (read.ok()) entries_.push_back(std::move(entry));
  return read;
}

void CrashLog::RecordFinish(uint64_t started, size_t transferred) {
  const auto entry = std::lower_bound(
      entries_.begin(), entries_.end(), started,
      [](const Entry& e, uint64_t s) { return e.started < s; });
  if (entry == entries_.end() || entry->started != started) return;
  entry->finished = Tick();
  entry->end =
      entry->offset + static_cast<int64_t>(transferred - entry->transferred);
}

void CrashLog::RecordSync(int fd, uint64_t started) {
  int64_t durable = 0;
  const auto covered = [&](const Entry& entry) {
    if (entry.fd != fd || entry.finished == 0 || entry.finished > started) {
      return false;
    }
    durable = std::max(durable, entry.end);
    return true;
  };
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), covered),
                 entries_.end());
  // A write that others cut since, as a Writer cuts padding, ends where the
  // file does.
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    durable = std::min<int64_t>(durable, info.st_size);
  }
  // Undoing the other writes must not truncate the synced bytes.
  for (Entry& entry : entries_) {
    if (entry.fd == fd) entry.size = std::max(entry.size, durable);
  }
}

absl::Status CrashLog::Undo() {
  const WriteSignalsBlocked signals_blocked;
  absl::Status status;
  for (; !entries_.empty() && status.ok(); entries_.pop_back()) {
    Entry& entry = entries_.back();
    const absl::StatusOr<File> file = Reopen(entry.fd);
    if (!file.ok()) return file.status();
    const absl::StatusOr<int64_t> now = file->Size();
    if (!now.ok()) return now.status();
    // What others have cut stays cut.  Where a sync kept the file longer than
    // it was, resize() adds zeros.
    const int64_t end =
        std::max(entry.offset, std::min({entry.end, entry.size, *now}));
    entry.replaced.resize(static_cast<size_t>(end - entry.offset));
    status = Move(Op::kWrite, *file, entry.offset, &entry.replaced);
    if (!status.ok() || std::min(entry.end, *now) <= entry.size) continue;
    if (ftruncate(file->fd(), entry.size) != 0) {
      status =
          ErrnoStatus(errno, absl::StrCat("cannot truncate ", FdWords(entry.fd),
                                          " to ", entry.size));
    }
  }
  return status;
}

}  // namespace uasio
