// A Stream is what Reader and Writer have in common: a file, the queue that
// performs its I/O, and a status that keeps the first error.
//
// Threads:   the queue's.
// Ownership: owns the file or borrows it; borrows the queue, but keeps a
//            default queue until it is closed.
// Errors:    status(): the file's name, the offset and the reason.

#ifndef UASIO_ASIO_STREAMS_INTERNAL_STREAM_H_
#define UASIO_ASIO_STREAMS_INTERNAL_STREAM_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/streams/internal/share.h"
#include "asio/streams/options.h"
#include "workqueue/owner.h"

namespace uasio::internal {

class Stream {
 public:
  enum class Direction { kReads, kWrites };

  // Owns `file`, or borrows `borrowed` if that is not null.
  Stream(Direction direction, File file, const File* borrowed,
         const StreamOptions& options);
  ~Stream();

  // False in a forked child.  There the destructor releases what is the
  // child's, and every other call ends the child.
  bool IsThisProcess() const { return creator_.IsThisProcess(); }
  void CheckProcess() const;

  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  const absl::Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }

  // Keeps the first error, with the file's name in it; without memory for the
  // message, RESOURCE_EXHAUSTED without one.  Returns false.
  bool Fail(const absl::Status& status);

  // The same, with the message "WHAT PATH: reason".
  bool FailErrno(int error, absl::string_view what);

  // The same, with request.status().
  bool FailRequest(const Request& request);

  const File& file() const { return *file_; }
  Queue* queue() const { return share_->queue(); }
  bool closed() const { return closed_; }
  bool owns_file() const { return file_ == &owned_; }

  // True: I/O is at offsets, in any order.  False: at the fd's own position,
  // one request at a time.
  bool seekable() const { return seekable_; }

  // Blocks begin at multiples of this; 1 unless the file is direct.
  int64_t alignment() const { return alignment_; }
  size_t block_bytes() const { return block_bytes_; }

  // The largest offset of a block: its end must fit into int64_t.
  int64_t block_offset_max() const {
    return std::numeric_limits<int64_t>::max() -
           static_cast<int64_t>(block_bytes_);
  }
  int64_t first_offset() const { return first_offset_; }

  // What RegularSize() was at the beginning; a file system far away may tell an
  // older size.
  int64_t first_size() const { return first_size_; }

  // Sets the fd's position to `position`, in bytes, if the stream began at the
  // fd's position.  False: failed, now or before.
  bool LeavePosition(int64_t position);

  // Requests submitted and not completed.
  size_t in_flight() const { return in_flight_; }

  // False, too, if fstat(2) fails.
  bool IsOnSameFileAs(const Stream& other) const;

  // The file's size now.  An error if it has none.
  absl::StatusOr<int64_t> Size() const { return file_->Size(); }

 private:
  const Owner creator_;
  std::shared_ptr<Queue> default_queue_;  // nullptr if the queue is borrowed.

 protected:
  // Submits `request` on this stream's file; `handler` gets it back.
  void SubmitWithHandler(Request* request, void (*handler)(Request*) noexcept,
                         void* user_data);

  // The same for a request that the stream waits for at once, and which is the
  // only one that it waits for: this thread performs it if it can.  `handler`
  // has been called when this returns.
  void PerformWithHandler(Request* request, void (*handler)(Request*) noexcept,
                          void* user_data);

  // To be called by each handler.
  void CountCompletion() { --in_flight_; }
  void WaitForAll();

  // Returns a request, see RequestShare::GetOrReclaim().  nullptr: failed.
  Request* GetRequest();

  // Calls LeavePosition(), closes the file if it is owned, and leaves the
  // share.
  // REQUIRES: nothing is in flight.
  void CloseFile(int64_t position);

  // The size of a regular file in bytes; -1: it is none.
  int64_t RegularSize() const;

  RequestShare* const share_;
  const size_t depth_;

 private:
  template <typename MakeStatus>
  bool FailAs(const MakeStatus& make) noexcept;
  FileFacts Learn();
  void SetFirstOffset(int64_t offset);
  void SetBlockSize();

  File owned_;
  const File* const file_;
  absl::Status status_;
  bool closed_ = false;
  bool seekable_ = false;
  bool moves_fd_position_ = false;
  int64_t first_offset_ = 0;
  int64_t first_size_ = -1;
  int64_t alignment_ = 1;
  size_t block_bytes_ = 0;
  size_t in_flight_ = 0;
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_STREAMS_INTERNAL_STREAM_H_
