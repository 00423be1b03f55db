#include <aio.h>
#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "asio/errors.h"
#include "asio/file.h"
#include "tools/bench/drivers.h"

namespace uasio::bench {
namespace {

// More than our fds, so that the number of fds decides how many threads run.
constexpr int kThreadsAllowed = 1 << 16;

class PosixAioDriver final : public Driver {
 public:
  absl::Status Prepare(const Job& job) override;
  void Run(Recorder* recorder) override;

 private:
  absl::Status Open(int fd, std::vector<File>* files) const;
  int FdOf(size_t i) const;
  void Submit(size_t i, Recorder* recorder);
  void Reap(size_t i, Recorder* recorder, int64_t now_ns);

  OperationTable table_;
  size_t block_bytes_ = 0;
  std::vector<aiocb> aiocbs_;
  std::vector<const aiocb*> running_;  // nullptr: not in flight.
  size_t in_flight_ = 0;
  int fd_ = -1;
  std::vector<File> files_;  // Duplicates of fd_.
  std::vector<File> copy_files_;
};

// For the whole process.  glibc ignores aio_init() after the first request.
void AllowThreads() {
  aioinit options = {};
  options.aio_threads = kThreadsAllowed;
  options.aio_num = 1;  // glibc grows its table on demand.
  options.aio_idle_time = 1;
  aio_init(&options);
}

absl::Status PosixAioDriver::Prepare(const Job& job) {
  AllowThreads();
  block_bytes_ = job.block_bytes;
  aiocbs_.resize(job.depth);
  running_.resize(job.depth);
  fd_ = job.fd;
  files_.resize(std::min(job.threads, job.depth));
  if (HasTwoFiles(job.workload)) copy_files_.resize(files_.size());
  absl::Status status = Open(job.fd, &files_);
  if (status.ok()) status = Open(job.copy_fd, &copy_files_);
  return status.ok() ? table_.Allocate(job, job.depth) : status;
}

// One fd per thread: glibc performs the requests of one fd sequentially.
absl::Status PosixAioDriver::Open(int fd, std::vector<File>* files) const {
  for (File& file : *files) {
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) return ErrnoStatus(errno, "dup");
    file = File::Adopt(own, "");
  }
  return absl::OkStatus();
}

int PosixAioDriver::FdOf(size_t i) const {
  const bool is_copy = table_.operations()[i].fd != fd_;
  const std::vector<File>& files = is_copy ? copy_files_ : files_;
  return files[i % files.size()].fd();
}

void PosixAioDriver::Submit(size_t i, Recorder* recorder) {
  const Operation& op = table_.operations()[i];
  aiocb* cb = &aiocbs_[i];
  *cb = {};
  cb->aio_fildes = FdOf(i);
  cb->aio_offset = op.offset;
  cb->aio_buf = op.buffer;
  cb->aio_nbytes = block_bytes_;
  cb->aio_sigevent.sigev_notify = SIGEV_NONE;
  if ((op.write ? aio_write(cb) : aio_read(cb)) != 0) {
    return recorder->UpdateStatus(
        ErrnoStatus(errno, op.write ? "aio_write" : "aio_read"));
  }
  running_[i] = cb;
  ++in_flight_;
}

void PosixAioDriver::Reap(size_t i, Recorder* recorder, int64_t now_ns) {
  const int error = aio_error(&aiocbs_[i]);
  if (error == EINPROGRESS) return;
  const ssize_t done = aio_return(&aiocbs_[i]);
  running_[i] = nullptr;
  --in_flight_;
  if (recorder->Finish(&table_.operations()[i], error != 0 ? -error : done,
                       now_ns)) {
    Submit(i, recorder);
  }
}

void PosixAioDriver::Run(Recorder* recorder) {
  for (size_t i = 0; i < aiocbs_.size(); ++i) {
    if (recorder->Begin(&table_.operations()[i], NowNs())) Submit(i, recorder);
  }
  while (in_flight_ > 0) {
    aio_suspend(running_.data(), static_cast<int>(running_.size()), nullptr);
    const int64_t now_ns = NowNs();
    for (size_t i = 0; i < aiocbs_.size(); ++i) {
      if (running_[i] != nullptr) Reap(i, recorder, now_ns);
    }
  }
}

}  // namespace

std::unique_ptr<Driver> NewPosixAioDriver() {
  return std::make_unique<PosixAioDriver>();
}

}  // namespace uasio::bench
