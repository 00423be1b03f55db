#include "asio/streams/copy.h"

#include <algorithm>

#include "asio/streams/internal/block_reader.h"
#include "asio/streams/internal/block_writer.h"

namespace uasio {
namespace internal {
namespace {

// Smaller pieces are copied into the writer's buffer.
constexpr size_t kHandOverBytesMin = 4096;

}  // namespace

class Copier {
 public:
  Copier(Reader* reader, Writer* writer) : reader_(reader), writer_(writer) {}

  // Copies up to `bytes_max` of what the reader has in view.  False: the writer
  // failed.
  bool CopySome(size_t bytes_max) {
    const absl::string_view view = reader_->view().substr(0, bytes_max);
    if (MayHandOver(view)) return HandOver(view.size());
    if (!writer_->Write(view)) return false;
    reader_->Advance(view.size());
    return true;
  }

 private:
  // True if the writer can write the reader's buffer as it is.  The reader
  // gives the buffer up, so only the whole rest of its block will do.
  bool MayHandOver(absl::string_view view) const {
    return view.size() == reader_->available() &&
           view.size() >= kHandOverBytesMin &&
           reader_->queue() == writer_->queue() && writer_->ok() &&
           writer_->core_->Accepts(view.data(), view.size(), writer_->Tell());
  }

  bool HandOver(size_t bytes) {
    const int64_t from = reader_->Tell();
    const int64_t to = writer_->Tell();
    const int64_t count = static_cast<int64_t>(bytes);
    if (!writer_->FinishBlock()) return false;
    char* const data = reader_->cursor_;
    Request* const request = reader_->core_->TakeCurrent();
    reader_->LeaveBlock(from + count);
    writer_->LeaveBlock(to + count);
    return writer_->core_->Write(request, data, bytes, to);
  }

  Reader* const reader_;
  Writer* const writer_;
};

}  // namespace internal

absl::StatusOr<int64_t> Copy(Reader* reader, Writer* writer, int64_t bytes) {
  internal::Copier copier(reader, writer);
  if (!writer->ok()) return writer->status();
  const int64_t begin = reader->Tell();
  int64_t copied = 0;
  while (copied < bytes && reader->Pull()) {
    const int64_t available = static_cast<int64_t>(reader->available());
    if (!copier.CopySome(
            static_cast<size_t>(std::min(available, bytes - copied)))) {
      return writer->status();
    }
    copied = reader->Tell() - begin;
  }
  if (!reader->ok()) return reader->status();
  return copied;
}

}  // namespace uasio
