#include <errno.h>
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asio/errors.h"
#include "tools/bench/drivers.h"

namespace uasio {
namespace {

class IoSubmitDriver final : public Driver {
 public:
  ~IoSubmitDriver() override { syscall(SYS_io_destroy, context_); }
  absl::Status Prepare(const Job& job) override;
  void Run(Lane* lane) override;

 private:
  void Fill(Trip* trip);
  void Submit(Lane* lane);
  void Reap(Lane* lane);

  TripTable table_;
  size_t block_bytes_ = 0;
  aio_context_t context_ = 0;
  std::vector<iocb> blocks_;
  std::vector<iocb*> batch_;
  std::vector<io_event> events_;
  size_t in_flight_ = 0;
};

absl::Status IoSubmitDriver::Prepare(const Job& job) {
  block_bytes_ = job.block_bytes;
  blocks_.resize(job.depth);
  events_.resize(job.depth);
  batch_.reserve(job.depth);
  if (syscall(SYS_io_setup, job.depth, &context_) != 0) {
    return ErrnoStatus(errno, "io_setup");
  }
  return table_.Allocate(job, job.depth);
}

void IoSubmitDriver::Fill(Trip* trip) {
  iocb* block = &blocks_[table_.IndexOf(trip)];
  *block = {};
  block->aio_data = reinterpret_cast<uint64_t>(trip);
  block->aio_lio_opcode = trip->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
  block->aio_fildes = static_cast<uint32_t>(trip->fd);
  block->aio_buf = reinterpret_cast<uint64_t>(trip->buffer);
  block->aio_nbytes = block_bytes_;
  block->aio_offset = trip->offset;
  batch_.push_back(block);
}

void IoSubmitDriver::Submit(Lane* lane) {
  for (size_t done = 0; done < batch_.size();) {
    const long count = syscall(SYS_io_submit, context_, batch_.size() - done,
                               batch_.data() + done);
    if (count > 0) {
      done += static_cast<size_t>(count);
      in_flight_ += static_cast<size_t>(count);
    } else if (errno != EAGAIN || in_flight_ == 0) {
      lane->Fail(ErrnoStatus(errno, "io_submit"));
      break;
    }
  }
  batch_.clear();
}

void IoSubmitDriver::Reap(Lane* lane) {
  const long count = syscall(SYS_io_getevents, context_, 1L, events_.size(),
                             events_.data(), nullptr);
  const int64_t now_ns = NowNs();
  for (long i = 0; i < count; ++i) {
    const io_event& event = events_[static_cast<size_t>(i)];
    Trip* trip = reinterpret_cast<Trip*>(event.data);
    --in_flight_;
    if (lane->Finish(trip, event.res, now_ns)) Fill(trip);
  }
}

void IoSubmitDriver::Run(Lane* lane) {
  for (Trip& trip : table_.trips()) {
    if (lane->Begin(&trip, NowNs())) Fill(&trip);
  }
  Submit(lane);
  while (in_flight_ > 0) {
    Reap(lane);
    if (!batch_.empty()) Submit(lane);
  }
}

}  // namespace

std::unique_ptr<Driver> NewIoSubmitDriver() {
  return std::make_unique<IoSubmitDriver>();
}

}  // namespace uasio
