#include "tools/bench/stream_scatter_driver.h"

#include <errno.h>
#include <fcntl.h>

#include <optional>
#include <utility>
#include <vector>

#include "asio/backends/table.h"
#include "asio/errors.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "tools/bench/schedule.h"

namespace uasio::bench {
namespace {

class StreamScatterDriver final : public Driver {
 public:
  explicit StreamScatterDriver(std::string backend)
      : backend_(std::move(backend)) {}

  absl::Status Prepare(const Job& job) override;
  void Run(Recorder* recorder) override;

 private:
  absl::Status MakeQueue(const Job& job);
  bool ReadBlock();
  bool WriteBlock();
  absl::Status status() const;
  absl::Status Close();

  const std::string backend_;
  size_t block_bytes_ = 0;
  int64_t file_bytes_ = 0;
  std::optional<ScatterPlaces> places_;
  std::unique_ptr<Queue> queue_;
  std::optional<Reader> reader_;
  std::vector<Writer> writers_;
};

absl::StatusOr<File> Duplicate(int fd, const std::string& path) {
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return ErrnoStatus(errno, "cannot duplicate a file");
  return File::Adopt(copy, path);
}

absl::Status StreamScatterDriver::MakeQueue(const Job& job) {
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      NewBackend(backend_, job.depth);
  if (!backend.ok()) return backend.status();
  QueueOptions options;
  options.buffer_bytes = job.block_bytes;
  options.depth_max = job.depth;
  options.requests_max = ScatterRequests(job.depth);
  options.threads_max = job.threads;
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      Queue::Create(options, *std::move(backend));
  if (!queue.ok()) return queue.status();
  queue_ = *std::move(queue);
  return absl::OkStatus();
}

absl::Status StreamScatterDriver::Prepare(const Job& job) {
  block_bytes_ = job.block_bytes;
  file_bytes_ = static_cast<int64_t>(job.file_bytes);
  places_.emplace(job);
  absl::Status made = MakeQueue(job);
  if (!made.ok()) return made;
  StreamOptions options;
  options.queue = queue_.get();
  options.offset = 0;
  options.depth = job.depth;
  absl::StatusOr<File> in = Duplicate(job.fd, job.path);
  if (!in.ok()) return in.status();
  reader_.emplace(*std::move(in), options);
  for (size_t i = 0; i < places_->count(); ++i) {
    absl::StatusOr<File> out = Duplicate(job.copy_fd, "the copy");
    if (!out.ok()) return out.status();
    writers_.emplace_back(*std::move(out), options);
    writers_.back().Seek(places_->BeginOf(i));
  }
  return status();
}

absl::Status StreamScatterDriver::status() const {
  absl::Status all = reader_->status();
  for (const Writer& writer : writers_) all.Update(writer.status());
  return all;
}

// Leaves the block in the reader's buffer.
bool StreamScatterDriver::ReadBlock() {
  if (reader_->Tell() == file_bytes_) reader_->Seek(0);
  return reader_->Pull() && reader_->available() >= block_bytes_;
}

bool StreamScatterDriver::WriteBlock() {
  const int64_t offset = reader_->Tell();
  Writer& writer = writers_[places_->PlaceOf(offset)];
  const int64_t target = places_->TargetOf(offset);
  if (writer.Tell() != target && !writer.Seek(target)) return false;
  if (!writer.Write(reader_->view().substr(0, block_bytes_))) return false;
  reader_->Advance(block_bytes_);
  return true;
}

absl::Status StreamScatterDriver::Close() {
  absl::Status all = reader_->Close();
  for (Writer& writer : writers_) all.Update(writer.Close());
  return all;
}

void StreamScatterDriver::Run(Recorder* recorder) {
  const int64_t block = static_cast<int64_t>(block_bytes_);
  Operation op;
  bool goes_on = recorder->Begin(&op, NowNs());
  while (goes_on) {
    const bool done = op.write ? WriteBlock() : ReadBlock();
    if (!done) recorder->UpdateStatus(status());
    goes_on = recorder->Finish(&op, done ? block : -EIO, NowNs());
  }
  recorder->UpdateStatus(Close());
}

}  // namespace

std::unique_ptr<Driver> NewStreamScatterDriver(const std::string& backend) {
  return std::make_unique<StreamScatterDriver>(backend);
}

}  // namespace uasio::bench
