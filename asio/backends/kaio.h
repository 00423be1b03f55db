// The kaio backend: the kernel's own asynchronous I/O, by raw system calls
// (io_setup(2), io_submit(2), io_getevents(2), io_cancel(2); the ABI is that of
// <linux/aio_abi.h>).
//
// Threads:   Backend's rules.
// Order:     none.
// Blocks:    Reap(); Start() as io_submit(2) does: hardly, since only direct
//            I/O comes here, and writes that would have to wait for space or
//            for the file's size are refused (RWF_NOWAIT) and go to the
//            workers.
// Bounds:    as many requests as the context was made for; more are refused.
// Errors:    of Create(): why there is no context to be had.
//
// Finished requests are read from the ring that the kernel maps into the
// process, without a system call, if the ring has the known layout.  The
// kernel is asked to announce them only once somebody polls for them, which
// spares a tenth of a read from memory; those that it got before are announced
// after every vain look for them.

#ifndef UASIO_ASIO_BACKENDS_KAIO_H_
#define UASIO_ASIO_BACKENDS_KAIO_H_

#include <linux/aio_abi.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "asio/backend.h"
#include "asio/backends/completion_buffer.h"
#include "asio/internal/job_pool.h"
#include "asio/syscalls/aio_ring.h"

namespace uasio {

class KaioBackend final : public Backend {
 public:
  // For about `depth_max` requests at a time; fewer, if the system's
  // fs.aio-max-nr leaves only that.
  static absl::StatusOr<std::unique_ptr<Backend>> Create(size_t depth_max) {
    return CreateWith(depth_max, /*reads_ring=*/true);
  }

  // The same, as if the ring had a layout of its own: for tests.
  static absl::StatusOr<std::unique_ptr<Backend>> CreateWithoutRing(
      size_t depth_max) {
    return CreateWith(depth_max, /*reads_ring=*/false);
  }

  ~KaioBackend() override;

  absl::string_view name() const override { return "kaio"; }
  bool Takes(const Request& request) const override;
  size_t Start(absl::Span<Request* const> batch) override;
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override;
  void Cancel(Request* request) override;
  void Attach(int event_fd) override;

 private:
  struct Job;

  static absl::StatusOr<std::unique_ptr<Backend>> CreateWith(size_t depth_max,
                                                             bool reads_ring);
  KaioBackend(aio_context_t context, bool reads_ring);

  void Fill(Job* job);
  void SubmitFilled();
  size_t ReapFromKernel(size_t min, Deadline deadline);
  size_t ReapRing();
  size_t ReapBySyscall(size_t min, Deadline deadline);
  void HandleEvent(const io_event& event);
  void Finish(Job* job, int64_t result, size_t transferred);

  const aio_context_t context_;
  AioRing* const ring_;  // nullptr: it is not to be read.
  int event_fd_ = -1;
  size_t in_kernel_ = 0;
  size_t unannounced_ = 0;  // Of those; the kernel does not write event_fd_.

  internal::JobPool<Job> jobs_;
  std::vector<iocb*> filled_;  // To be submitted.
  CompletionBuffer finished_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_KAIO_H_
