#include "tools/bench/stream_engine.h"

#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "asio/backends/table.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "tools/bench/driver.h"
#include "tools/bench/stream_scatter_driver.h"

namespace uasio::bench {
namespace {

class StreamDriver final : public Driver {
 public:
  explicit StreamDriver(std::string backend) : backend_(std::move(backend)) {}

  absl::Status Prepare(const Job& job) override;
  void Run(Recorder* recorder) override;

 private:
  bool ReadBlock();
  bool WriteBlock();
  absl::Status Close();

  const std::string backend_;
  size_t block_bytes_ = 0;
  int64_t file_bytes_ = 0;
  std::unique_ptr<Queue> queue_;
  std::optional<Reader> reader_;
  std::optional<Writer> writer_;
};

absl::Status StreamDriver::Prepare(const Job& job) {
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      NewBackend(backend_, job.depth);
  if (!backend.ok()) return backend.status();
  block_bytes_ = job.block_bytes;
  file_bytes_ = static_cast<int64_t>(job.file_bytes);
  QueueOptions queue_options;
  queue_options.buffer_bytes = job.block_bytes;
  queue_options.depth_max = job.depth;
  queue_options.requests_max = job.depth + 2;
  queue_options.threads_max = job.threads;
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      Queue::Create(queue_options, *std::move(backend));
  if (!queue.ok()) return queue.status();
  queue_ = *std::move(queue);
  File file = File::Adopt(fcntl(job.fd, F_DUPFD_CLOEXEC, 0), job.path);
  StreamOptions options;
  options.queue = queue_.get();
  options.offset = 0;
  if (job.workload == Workload::kSeqRead) {
    // Read-ahead plus the block that Pull() waits for: job.depth in all.
    options.depth = std::max<size_t>(1, job.depth - 1);
    reader_.emplace(std::move(file), options);
    return reader_->status();
  }
  options.depth = job.depth;
  writer_.emplace(std::move(file), options);
  return writer_->status();
}

bool StreamDriver::ReadBlock() {
  if (reader_->Tell() == file_bytes_) reader_->Seek(0);
  if (!reader_->Pull()) return false;
  reader_->Advance(reader_->available());
  return true;
}

// Writes the old contents of the buffer, as fio does.
bool StreamDriver::WriteBlock() {
  if (writer_->Tell() == file_bytes_) writer_->Seek(0);
  const size_t size = writer_->Window().size();
  writer_->Advance(size);
  return size > 0;
}

absl::Status StreamDriver::Close() {
  return reader_.has_value() ? reader_->Close() : writer_->Close();
}

// If a block fails, Close() of the stream returns the reason.
void StreamDriver::Run(Recorder* recorder) {
  const int64_t block = static_cast<int64_t>(block_bytes_);
  Operation op;
  bool done = true;
  bool goes_on = recorder->Begin(&op, NowNs());
  while (goes_on) {
    done = reader_.has_value() ? ReadBlock() : WriteBlock();
    goes_on = done && recorder->Finish(&op, block, NowNs());
  }
  recorder->UpdateStatus(Close());
  if (!done)
    recorder->UpdateStatus(absl::DataLossError("the file is too short"));
}

class StreamEngine final : public Engine {
 public:
  explicit StreamEngine(absl::string_view backend) : backend_(backend) {}

  absl::Status Supports(const Job& job) const override {
    if (job.workload != Workload::kSeqRead &&
        job.workload != Workload::kSeqWrite &&
        job.workload != Workload::kScatter) {
      return absl::UnimplementedError("streams only read or write in order");
    }
    if (job.queues > 1) {
      return absl::UnimplementedError(
          "each stream would process the whole file");
    }
    return NewBackend(backend_, job.depth).status();
  }

  absl::StatusOr<Measurement> Measure(const Job& job) override {
    if (job.workload == Workload::kScatter) {
      return MeasureDrivers(
          job, [this] { return NewStreamScatterDriver(backend_); });
    }
    return MeasureDrivers(
        job, [this] { return std::make_unique<StreamDriver>(backend_); });
  }

 private:
  const std::string backend_;
};

}  // namespace

std::unique_ptr<Engine> NewStreamEngine(absl::string_view backend) {
  return std::make_unique<StreamEngine>(backend);
}

}  // namespace uasio::bench
