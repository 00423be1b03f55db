// The map of this folder: reader.h and writer.h turn blocks into bytes; copy.h
// moves blocks from a Reader to a Writer; streambuf.h is for code that needs
// <iostream>; default_queue.h is the queue of streams that name none.  Below
// them, in internal/: block_reader.h and block_writer.h move blocks, stream.h
// is what both have in common, share.h distributes the requests of a queue
// among its streams.

#include "asio/streams/reader.h"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/streams/internal/block_reader.h"
#include "workqueue/check.h"

namespace uasio {

using internal::BlockReader;

absl::StatusOr<Reader> Reader::Open(const std::string& path,
                                    const ReaderOptions& options) {
  absl::StatusOr<File> file = File::Open(path, O_RDONLY, 0, options.mode);
  if (!file.ok()) return file.status();
  Reader reader(*std::move(file), options);
  if (!reader.ok()) return reader.status();
  return reader;
}

Reader::Reader(File file, const ReaderOptions& options)
    : core_(std::make_unique<BlockReader>(std::move(file), nullptr, options,
                                          options.end)) {
  limit_offset_ = core_->first_offset();
}

Reader::Reader(const File* file, const ReaderOptions& options)
    : core_(std::make_unique<BlockReader>(File(), file, options, options.end)) {
  limit_offset_ = core_->first_offset();
}

Reader::~Reader() {
  if (core_ == nullptr || !core_->IsThisProcess()) return;
  Close().IgnoreError();  // No data is at stake.
}

Reader::Reader(Reader&& other) noexcept { Swap(&other); }

Reader& Reader::operator=(Reader&& other) noexcept {
  Reader moved(std::move(other));
  Swap(&moved);  // Now the destructor of `moved` closes the old file.
  return *this;
}

void Reader::Swap(Reader* other) {
  std::swap(start_, other->start_);
  std::swap(cursor_, other->cursor_);
  std::swap(limit_, other->limit_);
  std::swap(limit_offset_, other->limit_offset_);
  std::swap(core_, other->core_);
  std::swap(line_, other->line_);
}

void Reader::CheckOpen() const {
  UASIO_CHECK(core_ != nullptr && !core_->closed(),
              "Reader: it is closed, or has been moved from");
  core_->CheckProcess();
}

bool Reader::Fill() {
  CheckOpen();
  const int64_t position = Tell();
  const bool has_bytes = core_->MoveTo(position);
  const BlockReader::View& view = core_->view();
  start_ = view.begin;
  cursor_ = has_bytes ? view.begin + (position - view.offset) : view.begin;
  limit_ = view.end;
  limit_offset_ = position + static_cast<int64_t>(available());
  return has_bytes;
}

size_t Reader::ReadAcross(char* to, size_t bytes) {
  size_t done = 0;
  while (done < bytes && Pull()) {
    const size_t part = std::min(bytes - done, available());
    std::memcpy(to + done, cursor_, part);
    cursor_ += part;
    done += part;
  }
  return done;
}

bool Reader::ReadLine(absl::string_view* line, size_t bytes_max, char newline) {
  if (!Pull()) return false;
  const absl::string_view visible = view().substr(0, bytes_max);
  const void* end = std::memchr(visible.data(), newline, visible.size());
  if (end == nullptr) return ReadLongLine(line, bytes_max, newline);
  const char* next = static_cast<const char*>(end) + 1;
  *line = visible.substr(0, static_cast<size_t>(next - visible.data()));
  cursor_ += line->size();
  return true;
}

bool Reader::ReadLongLine(absl::string_view* line, size_t bytes_max,
                          char newline) {
  const int64_t begin = Tell();
  line_.clear();
  while (Pull()) {
    const absl::string_view visible =
        view().substr(0, bytes_max - line_.size());
    if (visible.empty()) {
      return core_->Fail(absl::ResourceExhaustedError(
          absl::StrCat(file().path(), ": the line at offset ", begin,
                       " is longer than ", bytes_max, " bytes")));
    }
    const size_t end = visible.find(newline);
    const bool ended = end != absl::string_view::npos;
    const size_t part = ended ? end + 1 : visible.size();
    line_.append(visible.data(), part);
    cursor_ += part;
    if (ended) break;
  }
  *line = line_;
  return ok();
}

bool Reader::Unread(size_t bytes) {
  if (bytes <= static_cast<size_t>(cursor_ - start_)) {
    cursor_ -= bytes;
    return true;
  }
  return bytes == 1 && UnreadOverBoundary();
}

// Makes the kept byte the view.  Fill() then returns to the block behind it.
bool Reader::UnreadOverBoundary() {
  CheckOpen();
  const int64_t position = Tell();
  char* const byte = ok() ? core_->ByteBefore(position) : nullptr;
  if (byte == nullptr) return false;
  start_ = cursor_ = byte;
  limit_ = byte + 1;
  limit_offset_ = position;
  return true;
}

int64_t Reader::Skip(int64_t bytes) {
  if (seekable() && bytes > static_cast<int64_t>(available())) {
    const absl::StatusOr<int64_t> size = Size();
    const int64_t left = size.ok() ? *size - Tell() : 0;
    // Files of /proc have a size of 0 but contents: they are read, below.
    if (left >= bytes) return Seek(Tell() + bytes) ? bytes : 0;
  }
  int64_t done = 0;
  while (done < bytes && Pull()) {
    const int64_t part =
        std::min(bytes - done, static_cast<int64_t>(available()));
    cursor_ += part;
    done += part;
  }
  return done;
}

bool Reader::Seek(int64_t offset) {
  CheckOpen();
  if (!ok()) return false;
  if (!seekable() || offset < 0) {
    return core_->FailErrno(seekable() ? EINVAL : ESPIPE,
                            absl::StrCat("cannot seek to ", offset, " in"));
  }
  if (offset >= limit_offset_ - (limit_ - start_) && offset <= limit_offset_) {
    cursor_ = limit_ - (limit_offset_ - offset);
  } else {
    LeaveBlock(offset);
  }
  return true;
}

// Nothing is in view then, but Fill() can still use the current block.
void Reader::LeaveBlock(int64_t offset) {
  start_ = cursor_ = limit_ = nullptr;
  limit_offset_ = offset;
}

absl::StatusOr<int64_t> Reader::Size() const {
  const absl::StatusOr<int64_t> size = core_->Size();
  if (!size.ok()) return size;
  return std::min(*size, core_->end());
}

bool Reader::seekable() const { return core_->seekable(); }

const File& Reader::file() const { return core_->file(); }

Queue* Reader::queue() const { return core_->queue(); }

const absl::Status& Reader::status() const { return core_->status(); }

bool Reader::ok() const { return core_->ok(); }

absl::Status Reader::Close() {
  UASIO_CHECK(core_ != nullptr, "Reader: it has been moved from");
  if (!core_->closed()) {
    core_->CheckProcess();
    const int64_t position = Tell();
    LeaveBlock(position);
    core_->Close(position);
  }
  return status();
}

}  // namespace uasio
