// The kaio backend: the kernel's own asynchronous I/O, by raw system calls
// (io_setup(2), io_submit(2), io_getevents(2), io_cancel(2); the ABI is that of
// <linux/aio_abi.h>).
//
// Threads:   Backend's rules.
// Order:     none.
// Blocks:    Reap(); Start() as io_submit(2) does: rarely, since it takes only
//            direct I/O, and the kernel refuses writes that would wait for
//            space or for the file's size (RWF_NOWAIT); the workers do those.
// Bounds:    as many requests as the context was made for; more are refused.
// Errors:    of Create(): why no context could be set up.
//
// Completions are read without a system call from the ring that the kernel maps
// into the process, if the ring has the known layout.  Requests started after
// Attach() ask the kernel to signal the eventfd; earlier ones do not, which
// saves a tenth of the cost of a read from memory.  While such earlier ones are
// in flight, each Reap() that fills less than its span signals the eventfd.

#ifndef UASIO_ASIO_BACKENDS_KAIO_H_
#define UASIO_ASIO_BACKENDS_KAIO_H_

#include <linux/aio_abi.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "asio/backend.h"
#include "asio/backends/completion_buffer.h"
#include "asio/internal/job_pool.h"
#include "asio/syscalls/aio_context.h"

namespace uasio {

class KaioBackend final : public Backend {
 public:
  // For about `depth_max` requests in flight; fewer if the system's
  // fs.aio-max-nr leaves no room for so many.
  static absl::StatusOr<std::unique_ptr<Backend>> Create(size_t depth_max) {
    return CreateWith(depth_max, /*reads_ring=*/true);
  }

  // The same, as if the ring's layout were unknown: for tests.
  static absl::StatusOr<std::unique_ptr<Backend>> CreateWithoutRing(
      size_t depth_max) {
    return CreateWith(depth_max, /*reads_ring=*/false);
  }

  absl::string_view name() const override { return "kaio"; }
  bool Takes(const Request& request) const override;
  void Reserve(size_t requests_max) override;
  size_t Start(absl::Span<Request* const> batch) override;
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override;
  void Cancel(Request* request) override;
  void Attach(int event_fd) override;

 private:
  struct Job;

  static absl::StatusOr<std::unique_ptr<Backend>> CreateWith(size_t depth_max,
                                                             bool reads_ring);
  KaioBackend() = default;

  void FillIocb(Job* job);
  void SubmitFilled();
  size_t ReapFromKernel(size_t min, Deadline deadline);
  size_t ReapBySyscall(size_t min, Deadline deadline);
  void HandleEvent(const io_event& event);
  void Finish(Job* job, int64_t result);

  AioContext context_;
  int event_fd_ = -1;
  size_t in_kernel_ = 0;
  size_t unsignaled_ = 0;  // Of those: the kernel will not write event_fd_.

  internal::JobPool<Job> jobs_;
  std::vector<iocb*> filled_;  // Not yet submitted.
  CompletionBuffer finished_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_KAIO_H_
