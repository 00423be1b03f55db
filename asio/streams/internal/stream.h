// A Stream is what Reader and Writer have in common: a file, the queue that
// does its I/O, and a status that keeps the first error.
//
// Threads:   the queue's.
// Ownership: owns the file or borrows it; the queue is borrowed.
// Errors:    status(): the file's name, the offset and the reason.

#ifndef UASIO_ASIO_STREAMS_INTERNAL_STREAM_H_
#define UASIO_ASIO_STREAMS_INTERNAL_STREAM_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/streams/internal/share.h"
#include "asio/streams/options.h"

namespace uasio::internal {

class Stream {
 public:
  enum class Direction { kReads, kWrites };

  // Owns `file`, or borrows `borrowed` if that is not null.
  Stream(Direction direction, File file, const File* borrowed,
         const StreamOptions& options);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  const absl::Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }

  // Keeps the first one, with the name of the file in it.  Returns false.
  bool Fail(const absl::Status& status);

  // The same, of "WHAT PATH: reason".
  bool FailErrno(int error, absl::string_view what);

  const File& file() const { return *file_; }
  Queue* queue() const { return share_->queue(); }
  bool closed() const { return closed_; }
  bool owns_file() const { return file_ == &owned_; }

  // At offsets, in any order; else at the fd's own position, one by one.
  bool seekable() const { return seekable_; }

  // What blocks of the file begin at multiples of: 1 unless it is direct.
  int64_t alignment() const { return alignment_; }
  size_t block_bytes() const { return block_bytes_; }

  // Where the last block may begin: offsets go no further than int64_t.
  int64_t block_offset_max() const {
    return std::numeric_limits<int64_t>::max() -
           static_cast<int64_t>(block_bytes_);
  }
  int64_t first_offset() const { return first_offset_; }

  // Submitted, and not back yet.
  size_t in_flight() const { return in_flight_; }

  // False also if that cannot be told.
  bool IsOnTheFileOf(const Stream& other) const;

  // Its size now.  Fails if it has none.
  absl::StatusOr<int64_t> Size() const { return file_->Size(); }

 protected:
  // Submits a request of this stream; `handler` gets it.
  void Start(Request* request, void (*handler)(Request*), void* user_data);

  // A request is back.
  void CountBack() { --in_flight_; }
  void WaitForAll();

  // Demands a request.  nullptr: has failed for want of one.
  Request* Demand();

  // The end of it, with nothing in flight: at `position`, in bytes.
  void CloseFile(int64_t position);

  // The file's own size in bytes, if it is a regular file; -1: it is not.
  int64_t RegularSize() const;

  RequestShare* const share_;
  const size_t depth_;

 private:
  void LearnPosition(int64_t offset);
  void LearnBlocks();

  File owned_;
  const File* const file_;
  absl::Status status_;
  bool closed_ = false;
  bool seekable_ = false;
  bool moves_position_ = false;
  int64_t first_offset_ = 0;
  int64_t alignment_ = 1;
  size_t block_bytes_ = 0;
  size_t in_flight_ = 0;
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_STREAMS_INTERNAL_STREAM_H_
