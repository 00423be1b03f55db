#include <aio.h>
#include <errno.h>

#include "asio/errors.h"
#include "tools/bench/drivers.h"

namespace uasio {
namespace {

class PosixAioDriver final : public Driver {
 public:
  absl::Status Prepare(const Job& job) override;
  void Run(Lane* lane) override;

 private:
  void Submit(size_t i, Lane* lane);
  bool Reap(size_t i, Lane* lane, int64_t now_ns);

  TripTable table_;
  size_t block_bytes_ = 0;
  std::vector<aiocb> blocks_;
  std::vector<const aiocb*> running_;  // nullptr: this one is not.
  size_t in_flight_ = 0;
};

absl::Status PosixAioDriver::Prepare(const Job& job) {
  aioinit options = {};
  options.aio_threads = static_cast<int>(job.threads);
  options.aio_num = static_cast<int>(job.depth);
  options.aio_idle_time = 1;
  aio_init(&options);
  block_bytes_ = job.block_bytes;
  blocks_.resize(job.depth);
  running_.resize(job.depth);
  return table_.Allocate(job, job.depth);
}

void PosixAioDriver::Submit(size_t i, Lane* lane) {
  const Trip& trip = table_.trips()[i];
  aiocb* block = &blocks_[i];
  *block = {};
  block->aio_fildes = trip.fd;
  block->aio_offset = trip.offset;
  block->aio_buf = trip.buffer;
  block->aio_nbytes = block_bytes_;
  block->aio_sigevent.sigev_notify = SIGEV_NONE;
  if ((trip.write ? aio_write(block) : aio_read(block)) != 0) {
    return lane->Fail(ErrnoStatus(errno, "aio_read"));
  }
  running_[i] = block;
  ++in_flight_;
}

// True: it was done.
bool PosixAioDriver::Reap(size_t i, Lane* lane, int64_t now_ns) {
  const int error = aio_error(&blocks_[i]);
  if (error == EINPROGRESS) return false;
  const ssize_t done = aio_return(&blocks_[i]);
  running_[i] = nullptr;
  --in_flight_;
  if (lane->Finish(&table_.trips()[i], error != 0 ? -error : done, now_ns)) {
    Submit(i, lane);
  }
  return true;
}

void PosixAioDriver::Run(Lane* lane) {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (lane->Begin(&table_.trips()[i], NowNs())) Submit(i, lane);
  }
  while (in_flight_ > 0) {
    aio_suspend(running_.data(), static_cast<int>(running_.size()), nullptr);
    const int64_t now_ns = NowNs();
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (running_[i] != nullptr) Reap(i, lane, now_ns);
    }
  }
}

}  // namespace

std::unique_ptr<Driver> NewPosixAioDriver() {
  return std::make_unique<PosixAioDriver>();
}

}  // namespace uasio
