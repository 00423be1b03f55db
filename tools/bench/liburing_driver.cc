#include <liburing.h>

#include <algorithm>

#include "asio/errors.h"
#include "tools/bench/drivers.h"

namespace uasio::bench {
namespace {

constexpr size_t kEntriesMax = 1 << 15;  // IORING_MAX_ENTRIES.
constexpr unsigned kCqesAtOnce = 256;

class LiburingDriver final : public Driver {
 public:
  explicit LiburingDriver(bool fixed) : fixed_(fixed) {}
  ~LiburingDriver() override;
  absl::Status Prepare(const Job& job) override;
  void Run(Recorder* recorder) override;

 private:
  absl::Status MakeRing(size_t depth);
  void Fill(Operation* op);
  void Reap(Recorder* recorder);

  const bool fixed_;
  bool is_nop_ = false;
  unsigned block_bytes_ = 0;
  bool has_ring_ = false;
  bool has_buffers_ = false;
  io_uring ring_;
  OperationTable table_;
  size_t in_flight_ = 0;
};

// Unregistering releases the locked memory at once.  Closing the ring releases
// it later, which may be too late for the driver of the next round.
LiburingDriver::~LiburingDriver() {
  if (has_buffers_) io_uring_unregister_buffers(&ring_);
  if (has_ring_) io_uring_queue_exit(&ring_);
}

// Uses the flags that liburing's authors recommend for a ring of one thread; no
// flags on older kernels.
absl::Status LiburingDriver::MakeRing(size_t depth) {
  const unsigned entries = static_cast<unsigned>(std::min(depth, kEntriesMax));
  int error = io_uring_queue_init(
      entries, &ring_, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
  if (error != 0) error = io_uring_queue_init(entries, &ring_, 0);
  if (error != 0) return ErrnoStatus(-error, "io_uring_setup");
  has_ring_ = true;
  return absl::OkStatus();
}

absl::Status LiburingDriver::Prepare(const Job& job) {
  is_nop_ = job.workload == Workload::kNop;
  block_bytes_ = static_cast<unsigned>(job.block_bytes);
  absl::Status status = MakeRing(job.depth);
  if (status.ok()) status = table_.Allocate(job, job.depth);
  if (!status.ok() || !fixed_) return status;
  const iovec slab = {table_.memory().data(), table_.memory().size()};
  const int error = io_uring_register_buffers(&ring_, &slab, 1);
  has_buffers_ = error == 0;
  return has_buffers_ ? status
                      : ErrnoStatus(-error, "io_uring_register_buffers");
}

void LiburingDriver::Fill(Operation* op) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  const __u64 offset = static_cast<__u64>(op->offset);
  const auto [fd, data] = std::make_pair(op->fd, op->buffer);
  if (is_nop_) {
    io_uring_prep_nop(sqe);
  } else if (fixed_ && op->write) {
    io_uring_prep_write_fixed(sqe, fd, data, block_bytes_, offset, 0);
  } else if (fixed_) {
    io_uring_prep_read_fixed(sqe, fd, data, block_bytes_, offset, 0);
  } else if (op->write) {
    io_uring_prep_write(sqe, fd, data, block_bytes_, offset);
  } else {
    io_uring_prep_read(sqe, fd, data, block_bytes_, offset);
  }
  io_uring_sqe_set_data(sqe, op);
}

void LiburingDriver::Reap(Recorder* recorder) {
  io_uring_cqe* cqes[kCqesAtOnce];
  const unsigned count = io_uring_peek_batch_cqe(&ring_, cqes, kCqesAtOnce);
  const int64_t now_ns = NowNs();
  for (unsigned i = 0; i < count; ++i) {
    Operation* op = static_cast<Operation*>(io_uring_cqe_get_data(cqes[i]));
    if (recorder->Finish(op, cqes[i]->res, now_ns)) {
      Fill(op);
    } else {
      --in_flight_;
    }
  }
  io_uring_cq_advance(&ring_, count);
}

void LiburingDriver::Run(Recorder* recorder) {
  for (Operation& op : table_.operations()) {
    if (!recorder->Begin(&op, NowNs())) break;
    Fill(&op);
    ++in_flight_;
  }
  while (in_flight_ > 0) {
    const int count = io_uring_submit_and_wait(&ring_, 1);
    if (count < 0 && count != -EINTR && count != -EAGAIN && count != -EBUSY) {
      // What is in flight cannot be waited for.
      return recorder->UpdateStatus(ErrnoStatus(-count, "io_uring_enter"));
    }
    Reap(recorder);
  }
}

}  // namespace

std::unique_ptr<Driver> NewLiburingDriver() {
  return std::make_unique<LiburingDriver>(false);
}

std::unique_ptr<Driver> NewLiburingFixedDriver() {
  return std::make_unique<LiburingDriver>(true);
}

}  // namespace uasio::bench
