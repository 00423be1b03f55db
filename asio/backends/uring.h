// The uring backend: the kernel's io_uring, by liburing.
//
// Threads:   Backend's rules; the kernel enforces one thread from the first
//            Start() on (IORING_SETUP_SINGLE_ISSUER).
// Order:     none.
// Blocks:    Reap().
// Bounds:    the queue's depth_max; 16 of the kernel's own workers.  Requests
//            that the kernel does not accept come back as kRefused.
// Errors:    of Create(): why no ring could be set up.
//
// The kernel processes completions only inside calls to this backend
// (IORING_SETUP_DEFER_TASKRUN, Linux 6.1), so that they do not interrupt the
// program's other system calls.

#ifndef UASIO_ASIO_BACKENDS_URING_H_
#define UASIO_ASIO_BACKENDS_URING_H_

#include <liburing.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "asio/backend.h"
#include "asio/backends/completion_buffer.h"
#include "asio/backends/uring_files.h"
#include "asio/internal/job_pool.h"

namespace uasio {

class UringBackend final : public Backend {
 public:
  // For up to `depth_max` requests in flight.
  static absl::StatusOr<std::unique_ptr<Backend>> Create(size_t depth_max);
  ~UringBackend() override;

  absl::string_view name() const override { return "uring"; }
  bool Takes(const Request& request) const override;
  void Reserve(size_t requests_max) override;
  size_t Start(absl::Span<Request* const> batch) override;
  size_t StartBeforeReap(absl::Span<Request* const> batch) override;
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override;
  void Cancel(Request* request) override;
  void Attach(int event_fd) override;
  void AddBuffers(char* data, size_t size) override;
  bool RemoveBuffers(char* data, size_t size) override;
  void AddFile(int fd) override;
  void RemoveFile(int fd) override { files_.Remove(&ring_, fd); }

 private:
  struct Job : Recyclable<Job> {
    Request* request;
  };
  struct Slab {
    const char* data;  // nullptr: the index is free.
    size_t size;
  };

  explicit UringBackend(const io_uring& ring);

  void EnableRing();
  void PrepareAll(absl::Span<Request* const> batch);
  unsigned FreeSlabIndex() const;
  bool RegisterSlab(unsigned index, char* data, size_t size);
  void Prepare(Job* job);
  void PrepareScalar(io_uring_sqe* sqe, const Request& request) const;
  void Submit();
  void Signal();
  void RefuseUnsubmitted();
  int SlabOf(const char* data, size_t size) const;
  io_uring_sqe* NextSqe();
  size_t ReapFromKernel();
  void HandleCqe(const io_uring_cqe& cqe);
  bool WaitForCompletions(size_t count, Deadline deadline);

  io_uring ring_;
  int event_fd_ = -1;
  bool kernel_signals_ = false;    // The kernel writes event_fd_.
  bool enabled_ = false;           // Until then every request is refused.
  bool has_buffer_table_ = false;  // The kernel can register buffers.
  std::vector<Slab> slabs_;        // The registered ones, by index.
  UringFiles files_;

  internal::JobPool<Job> jobs_;
  CompletionBuffer finished_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_URING_H_
