// The usual loop of a program that uses the kernel's asynchronous I/O (KAIO):
// submit a batch, reap what completed, refill, repeat.  `Calls` are the system
// calls or a replacement for them.  Each returns a count (Setup and Destroy: 0)
// or -errno:
//
//   int64_t Setup(unsigned events, aio_context_t* context);
//   int64_t Destroy(aio_context_t context);
//   int64_t Submit(aio_context_t context, int64_t count, iocb** iocbs);
//   int64_t GetEvents(aio_context_t context, int64_t min, int64_t max,
//                     io_event* events, const timespec* timeout);

#ifndef UASIO_TOOLS_BENCH_IO_SUBMIT_LOOP_H_
#define UASIO_TOOLS_BENCH_IO_SUBMIT_LOOP_H_

#include <errno.h>
#include <linux/aio_abi.h>
#include <time.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "asio/errors.h"
#include "tools/bench/driver.h"

namespace uasio::bench {

template <typename Calls>
class IoSubmitLoop final : public Driver {
 public:
  explicit IoSubmitLoop(Calls calls) : calls_(std::move(calls)) {}
  ~IoSubmitLoop() override {
    if (context_ != 0) calls_.Destroy(context_);
  }

  absl::Status Prepare(const Job& job) override;
  void Run(Recorder* recorder) override;

 private:
  void Fill(Operation* op);
  void Submit(Recorder* recorder);
  void Reap(Recorder* recorder);

  Calls calls_;
  OperationTable table_;
  size_t block_bytes_ = 0;
  aio_context_t context_ = 0;
  std::vector<iocb> iocbs_;
  std::vector<iocb*> batch_;
  std::vector<io_event> events_;
  size_t in_flight_ = 0;
};

template <typename Calls>
absl::Status IoSubmitLoop<Calls>::Prepare(const Job& job) {
  block_bytes_ = job.block_bytes;
  iocbs_.resize(job.depth);
  events_.resize(job.depth);
  batch_.reserve(job.depth);
  const int64_t error =
      calls_.Setup(static_cast<unsigned>(job.depth), &context_);
  if (error != 0) return ErrnoStatus(static_cast<int>(-error), "io_setup");
  return table_.Allocate(job, job.depth);
}

template <typename Calls>
void IoSubmitLoop<Calls>::Fill(Operation* op) {
  iocb* cb = &iocbs_[table_.IndexOf(op)];
  *cb = {};
  cb->aio_data = reinterpret_cast<uint64_t>(op);
  cb->aio_lio_opcode = op->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
  cb->aio_fildes = static_cast<uint32_t>(op->fd);
  cb->aio_buf = reinterpret_cast<uint64_t>(op->buffer);
  cb->aio_nbytes = block_bytes_;
  cb->aio_offset = op->offset;
  batch_.push_back(cb);
}

template <typename Calls>
void IoSubmitLoop<Calls>::Submit(Recorder* recorder) {
  for (size_t done = 0; done < batch_.size();) {
    const int64_t count =
        calls_.Submit(context_, static_cast<int64_t>(batch_.size() - done),
                      batch_.data() + done);
    if (count > 0) {
      done += static_cast<size_t>(count);
      in_flight_ += static_cast<size_t>(count);
    } else if (count != -EAGAIN || in_flight_ == 0) {
      recorder->UpdateStatus(
          ErrnoStatus(static_cast<int>(-count), "io_submit"));
      break;
    }
  }
  batch_.clear();
}

template <typename Calls>
void IoSubmitLoop<Calls>::Reap(Recorder* recorder) {
  const int64_t count =
      calls_.GetEvents(context_, 1, static_cast<int64_t>(events_.size()),
                       events_.data(), nullptr);
  if (count < 0 && count != -EINTR) {
    recorder->UpdateStatus(
        ErrnoStatus(static_cast<int>(-count), "io_getevents"));
    in_flight_ = 0;  // They cannot be waited for.
  }
  const int64_t now_ns = NowNs();
  for (int64_t i = 0; i < count; ++i) {
    const io_event& event = events_[static_cast<size_t>(i)];
    Operation* op = reinterpret_cast<Operation*>(event.data);
    --in_flight_;
    if (recorder->Finish(op, event.res, now_ns)) Fill(op);
  }
}

template <typename Calls>
void IoSubmitLoop<Calls>::Run(Recorder* recorder) {
  for (Operation& op : table_.operations()) {
    if (recorder->Begin(&op, NowNs())) Fill(&op);
  }
  Submit(recorder);
  while (in_flight_ > 0) {
    Reap(recorder);
    if (!batch_.empty()) Submit(recorder);
  }
}

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_IO_SUBMIT_LOOP_H_
