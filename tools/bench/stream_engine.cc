#include "tools/bench/stream_engine.h"

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/backends/table.h"
#include "asio/queue.h"
#include "asio/streams/default_queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "tools/bench/driver.h"
#include "tools/bench/stream_scatter_driver.h"

namespace uasio::bench {
namespace {

class StreamDriver final : public Driver {
 public:
  // `part`: which of the job.queues parts of the file is this stream's.
  StreamDriver(std::string backend, size_t part)
      : backend_(std::move(backend)), part_(part) {}

  absl::Status Prepare(const Job& job) override;
  void Run(Recorder* recorder) override;

 private:
  absl::Status MakeQueue(const Job& job);
  bool ReadBlock();
  bool WriteBlock();
  absl::Status Close();

  const std::string backend_;
  const size_t part_;
  size_t block_bytes_ = 0;
  int64_t begin_ = 0;
  int64_t end_ = 0;
  std::unique_ptr<Queue> queue_;  // None: DefaultQueue().
  std::optional<Reader> reader_;
  std::optional<Writer> writer_;
};

// The bytes of each part: whole blocks, at least one.
uint64_t PartBytes(const Job& job) {
  return job.file_bytes / job.queues / job.block_bytes * job.block_bytes;
}

absl::Status StreamDriver::MakeQueue(const Job& job) {
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      NewBackend(backend_, job.depth);
  if (!backend.ok()) return backend.status();
  QueueOptions options;
  options.buffer_bytes = job.block_bytes;
  options.depth_max = job.depth;
  options.requests_max = job.depth + 2;
  options.threads_max = job.threads;
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      Queue::Create(options, *std::move(backend));
  if (queue.ok()) queue_ = *std::move(queue);
  return queue.status();
}

absl::Status StreamDriver::Prepare(const Job& job) {
  if (!backend_.empty()) {
    const absl::Status status = MakeQueue(job);
    if (!status.ok()) return status;
  }
  block_bytes_ = job.block_bytes;
  const int64_t part_bytes = static_cast<int64_t>(PartBytes(job));
  begin_ = static_cast<int64_t>(part_) * part_bytes;
  end_ = begin_ + part_bytes;
  File file = File::Adopt(fcntl(job.fd, F_DUPFD_CLOEXEC, 0), job.path);
  StreamOptions options;
  options.queue = queue_.get();
  options.offset = begin_;
  if (job.workload == Workload::kSeqRead) {
    // Read-ahead plus the block that Pull() waits for: job.depth in all.
    options.depth = std::max<size_t>(1, job.depth - 1);
    ReaderOptions reader_options = options;
    reader_options.end = end_;
    reader_.emplace(std::move(file), reader_options);
    return reader_->status();
  }
  options.depth = job.depth;
  writer_.emplace(std::move(file), options);
  return writer_->status();
}

bool StreamDriver::ReadBlock() {
  if (reader_->Tell() == end_) reader_->Seek(begin_);
  if (!reader_->Pull()) return false;
  reader_->Advance(reader_->available());
  return true;
}

// Writes the old contents of the buffer, as fio does.
bool StreamDriver::WriteBlock() {
  if (writer_->Tell() == end_) writer_->Seek(begin_);
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

absl::Status SupportsDefaultQueue(const Job& job) {
  if (job.workload == Workload::kScatter) {
    return absl::UnimplementedError("does not scatter on the default queue");
  }
  const size_t block = DefaultQueueOptions().buffer_bytes;
  if (job.block_bytes == block) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat("the blocks of the default queue have ", block, " bytes"));
}

class StreamEngine final : public Engine {
 public:
  explicit StreamEngine(absl::string_view backend) : backend_(backend) {}

  absl::Status Supports(const Job& job) const override {
    const bool scatters = job.workload == Workload::kScatter;
    if (job.workload != Workload::kSeqRead &&
        job.workload != Workload::kSeqWrite && !scatters) {
      return absl::UnimplementedError("streams only read or write in order");
    }
    if (scatters && job.queues > 1) {
      return absl::UnimplementedError("scatters only with one queue");
    }
    if (PartBytes(job) == 0) {
      return absl::UnimplementedError(
          "the file has fewer blocks than there are queues");
    }
    return backend_.empty() ? SupportsDefaultQueue(job)
                            : NewBackend(backend_, job.depth).status();
  }

  absl::StatusOr<Measurement> Measure(const Job& job) override {
    if (job.workload == Workload::kScatter) {
      return MeasureDrivers(
          job, [this] { return NewStreamScatterDriver(backend_); });
    }
    std::atomic<size_t> next{0};
    return MeasureDrivers(job, [this, &next] {
      return std::make_unique<StreamDriver>(backend_, next++);
    });
  }

 private:
  const std::string backend_;
};

}  // namespace

std::unique_ptr<Engine> NewStreamEngine(absl::string_view backend) {
  return std::make_unique<StreamEngine>(backend);
}

}  // namespace uasio::bench
