// The uring backend: the kernel's io_uring, by liburing.
//
// Threads:   Backend's rules; the kernel holds us to one thread from the first
//            Start() on (IORING_SETUP_SINGLE_ISSUER).
// Order:     none.
// Blocks:    Reap().
// Bounds:    the queue's depth_max; 16 of the kernel's own workers.  What the
//            kernel has no memory for, or refuses to be given, is refused.
// Errors:    of Create(): why there is no ring to be had.
//
// Completions are worked on only inside of our own calls
// (IORING_SETUP_DEFER_TASKRUN, Linux 6.1), so that none interrupts a system
// call that the program is blocked in for other reasons.

#ifndef UASIO_ASIO_BACKENDS_URING_H_
#define UASIO_ASIO_BACKENDS_URING_H_

#include <liburing.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "asio/backend.h"
#include "asio/backends/completion_buffer.h"
#include "asio/internal/job_pool.h"

namespace uasio {

class UringBackend final : public Backend {
 public:
  // For up to `depth_max` requests at a time.
  static absl::StatusOr<std::unique_ptr<Backend>> Create(size_t depth_max);
  ~UringBackend() override;

  absl::string_view name() const override { return "uring"; }
  bool Takes(const Request& request) const override;
  size_t Start(absl::Span<Request* const> batch) override;
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override;
  void Cancel(Request* request) override;
  void Attach(int event_fd) override;
  void AddBuffers(char* data, size_t size) override;

 private:
  struct Job : Recyclable<Job> {
    Request* request;
  };
  struct Slab {
    const char* data;
    size_t size;
  };

  explicit UringBackend(const io_uring& ring);

  void Begin();
  void Prepare(Job* job);
  void PrepareScalar(io_uring_sqe* sqe, const Request& request) const;
  void Submit();
  void Signal();
  void WithdrawUnsubmitted();
  int SlabOf(const char* data, size_t size) const;
  io_uring_sqe* NextSqe();
  size_t ReapFromKernel();
  void HandleCqe(const io_uring_cqe& cqe);
  bool WaitFor(size_t count, Deadline deadline);

  io_uring ring_;
  int event_fd_ = -1;
  bool announces_ = false;  // The kernel writes event_fd_.
  bool begun_ = false;
  bool enabled_ = false;     // Else every request is refused.
  bool registers_ = false;   // The kernel has a table for our buffers.
  std::vector<Slab> slabs_;  // Registered, by index.

  internal::JobPool<Job> jobs_;
  CompletionBuffer finished_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_URING_H_
