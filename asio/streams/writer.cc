#include "asio/streams/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/streams/internal/block_writer.h"
#include "workqueue/check.h"

namespace uasio {

using internal::BlockWriter;

namespace {

#ifdef NDEBUG
constexpr bool kWarnsIfNotClosed = false;
#else
constexpr bool kWarnsIfNotClosed = true;
#endif

int ExistingFlags(WriterOptions::Existing existing) {
  switch (existing) {
    case WriterOptions::Existing::kEmpty:
      return O_CREAT | O_TRUNC;
    case WriterOptions::Existing::kRefuse:
      return O_CREAT | O_EXCL;
    case WriterOptions::Existing::kKeep:
    case WriterOptions::Existing::kAppend:
      break;
  }
  return O_CREAT;
}

// False for a pipe: opened for reading, too, it would never break, and its
// reader would never see its end.
bool IsFileOrMissing(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode) ||
         S_ISBLK(info.st_mode);
}

absl::StatusOr<File> OpenFile(const std::string& path,
                              const WriterOptions& options) {
  const int flags = ExistingFlags(options.existing);
  if (options.mode == File::Mode::kDirect && IsFileOrMissing(path)) {
    absl::StatusOr<File> file =
        File::Open(path, flags | O_RDWR, options.permissions);
    if (!absl::IsPermissionDenied(file.status())) return file;
  }
  return File::Open(path, flags | O_WRONLY, options.permissions,
                    File::Mode::kBuffered);
}

}  // namespace

absl::StatusOr<Writer> Writer::Open(const std::string& path,
                                    const WriterOptions& options) {
  absl::StatusOr<File> file = OpenFile(path, options);
  if (!file.ok()) return file.status();
  Writer writer(*std::move(file), options);
  const bool appends = options.existing == WriterOptions::Existing::kAppend;
  if (appends && writer.ok() && writer.seekable()) writer.SeekToEnd();
  if (!writer.ok()) return writer.Close();
  return writer;
}

Writer::Writer(File file, const StreamOptions& options)
    : core_(std::make_unique<BlockWriter>(std::move(file), nullptr, options)) {
  limit_offset_ = core_->first_offset();
}

Writer::Writer(const File* file, const StreamOptions& options)
    : core_(std::make_unique<BlockWriter>(File(), file, options)) {
  limit_offset_ = core_->first_offset();
}

Writer::~Writer() {
  if (core_ == nullptr || core_->closed() || !core_->IsThisProcess()) return;
  const std::string path = file().path();
  const absl::Status status = Close();
  if (!status.ok()) {
    std::fprintf(stderr, "uasio: ~Writer: this error was not read: %s\n",
                 std::string(status.message()).c_str());
  }
  if (kWarnsIfNotClosed) {
    std::fprintf(stderr, "uasio: ~Writer: %s was not closed by Close()\n",
                 path.c_str());
  }
}

Writer::Writer(Writer&& other) noexcept { Swap(&other); }

Writer& Writer::operator=(Writer&& other) noexcept {
  Writer moved(std::move(other));
  Swap(&moved);  // Now the destructor of `moved` closes the old file.
  return *this;
}

void Writer::Swap(Writer* other) {
  std::swap(cursor_, other->cursor_);
  std::swap(limit_, other->limit_);
  std::swap(limit_offset_, other->limit_offset_);
  std::swap(core_, other->core_);
}

void Writer::CheckOpen() const {
  UASIO_CHECK(core_ != nullptr && !core_->closed(),
              "Writer: it is closed, or has been moved from");
  core_->CheckProcess();
}

// Makes sure that a block is in use, with room for `bytes`.
bool Writer::MakeRoom(size_t bytes) {
  CheckOpen();
  const int64_t position = Tell();
  const bool has_block =
      core_->in_use() ? core_->NextBlock(cursor_) : core_->StartBlock(position);
  LeaveBlock(position);
  if (!has_block) return false;
  cursor_ = core_->cursor();
  limit_ = core_->limit();
  limit_offset_ = core_->limit_offset();
  UASIO_CHECK(bytes <= room(), "Writer: Window() of more than window_max()");
  return true;
}

bool Writer::PutCInNewBlock(char c) {
  if (!MakeRoom(1)) return false;
  *cursor_++ = c;
  return true;
}

bool Writer::WriteAcross(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (cursor_ == limit_ && !MakeRoom(1)) return false;
    const size_t part = std::min(bytes.size(), room());
    std::memcpy(cursor_, bytes.data(), part);
    cursor_ += part;
    bytes.remove_prefix(part);
  }
  return true;
}

size_t Writer::window_max() const {
  return core_->block_bytes() - static_cast<size_t>(core_->alignment()) + 1;
}

absl::Span<char> Writer::Window(size_t bytes_min) {
  if (room() < bytes_min && !MakeRoom(bytes_min)) return {};
  return {cursor_, room()};
}

void Writer::LeaveBlock(int64_t offset) {
  cursor_ = limit_ = nullptr;
  limit_offset_ = offset;
}

// Submits the block in use, if there is one; the caller may wait for it next.
bool Writer::FinishBlock(bool waits) {
  CheckOpen();
  const char* cursor = cursor_;
  LeaveBlock(Tell());
  return core_->in_use() ? core_->FinishBlock(cursor, waits) : ok();
}

bool Writer::Seek(int64_t offset) {
  CheckOpen();
  if (!ok() || offset == Tell()) return ok();
  if (!seekable() || offset < 0) {
    return core_->FailErrno(seekable() ? EINVAL : ESPIPE,
                            absl::StrCat("cannot seek to ", offset, " in"));
  }
  if (core_->in_use() && core_->MoveTo(offset, cursor_)) {
    cursor_ = core_->cursor();
    return true;
  }
  const bool finished = FinishBlock();
  LeaveBlock(offset);
  return finished;
}

bool Writer::SeekToEnd() {
  const absl::StatusOr<int64_t> size = Size();
  return size.ok() ? Seek(*size) : core_->Fail(size.status());
}

absl::StatusOr<int64_t> Writer::Size() {
  CheckOpen();
  if (core_->in_use()) core_->MoveTo(Tell(), cursor_);
  return core_->TrueSize();
}

bool Writer::Truncate(int64_t size) {
  return Flush().ok() && core_->Truncate(size);
}

bool Writer::Preallocate(int64_t bytes) {
  CheckOpen();
  return ok() && core_->Preallocate(bytes);
}

absl::Status Writer::Flush() {
  if (FinishBlock(/*waits=*/true) && core_->Flush())
    core_->LeavePosition(Tell());
  return status();
}

absl::Status Writer::Fsync() {
  if (FinishBlock(/*waits=*/true) && core_->Fsync())
    core_->LeavePosition(Tell());
  return status();
}

absl::Status Writer::Close() {
  UASIO_CHECK(core_ != nullptr, "Writer: it has been moved from");
  if (!core_->closed()) {
    FinishBlock(/*waits=*/true);
    core_->Close(Tell());
  }
  return status();
}

bool Writer::seekable() const { return core_->seekable(); }

const File& Writer::file() const { return core_->file(); }

Queue* Writer::queue() const { return core_->queue(); }

const absl::Status& Writer::status() const { return core_->status(); }

bool Writer::ok() const { return core_->ok(); }

}  // namespace uasio
