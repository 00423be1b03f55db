#include "tools/bench/queue_engine.h"

#include <string>
#include <utility>

#include "asio/backends/table.h"
#include "asio/queue.h"
#include "tools/bench/driver.h"
#include "workqueue/worker_pool.h"

namespace uasio::bench {
namespace {

class QueueDriver final : public Driver {
 public:
  QueueDriver(std::string backend, Waits waits, WorkerPool* pool)
      : backend_(std::move(backend)), waits_(waits), pool_(pool) {}

  absl::Status Prepare(const Job& job) override;
  void Run(Recorder* recorder) override;

 private:
  void Fill(Request* request) const;
  void RunOverlapping(Recorder* recorder);
  void RunInTurns(Recorder* recorder);

  const std::string backend_;
  const Waits waits_;
  WorkerPool* const pool_;
  size_t block_bytes_ = 0;
  bool is_nop_ = false;
  std::vector<Operation> operations_;
  std::unique_ptr<Queue> queue_;
  std::vector<Request*> batch_;
  std::vector<Request*> done_;
};

absl::Status QueueDriver::Prepare(const Job& job) {
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      NewBackend(backend_, job.depth);
  if (!backend.ok()) return backend.status();
  block_bytes_ = job.block_bytes;
  is_nop_ = job.workload == Workload::kNop;
  QueueOptions options;
  options.buffer_bytes = job.block_bytes;
  options.requests_max = options.depth_max = options.writebacks_max = job.depth;
  options.order = job.order;
  options.pool = pool_;
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      Queue::Create(options, *std::move(backend));
  if (!queue.ok()) return queue.status();
  queue_ = *std::move(queue);
  for (const int fd : {job.fd, job.copy_fd}) {
    if (fd >= 0) queue_->Use(fd);
  }
  operations_.resize(job.depth);
  done_.resize(job.depth);
  for (Operation& op : operations_) {
    Request* request = queue_->Get();
    if (request == nullptr) return absl::ResourceExhaustedError("no memory");
    request->user_data = &op;
    batch_.push_back(request);
  }
  return absl::OkStatus();
}

void QueueDriver::Fill(Request* request) const {
  const Operation& op = *static_cast<Operation*>(request->user_data);
  request->op = is_nop_ ? Op::kNoOp : op.write ? Op::kWrite : Op::kRead;
  request->fd = is_nop_ ? -1 : op.fd;
  request->offset = op.offset;
  request->length = is_nop_ ? 0 : block_bytes_;
}

void QueueDriver::Run(Recorder* recorder) {
  size_t count = 0;
  for (Request* request : batch_) {
    if (!recorder->Begin(static_cast<Operation*>(request->user_data), NowNs()))
      break;
    Fill(request);
    batch_[count++] = request;
  }
  batch_.resize(count);
  waits_ == Waits::kForOne ? RunOverlapping(recorder) : RunInTurns(recorder);
}

void QueueDriver::RunOverlapping(Recorder* recorder) {
  size_t in_flight = batch_.size();
  while (in_flight > 0) {
    queue_->Submit(batch_);
    batch_.clear();
    const size_t count = queue_->WaitMany(absl::MakeSpan(done_));
    const int64_t now_ns = NowNs();
    for (Request* request : absl::MakeSpan(done_).subspan(0, count)) {
      Operation* op = static_cast<Operation*>(request->user_data);
      if (recorder->Finish(op, request->result, now_ns)) {
        Fill(request);
        batch_.push_back(request);
      } else {
        --in_flight;
      }
    }
  }
}

void QueueDriver::RunInTurns(Recorder* recorder) {
  while (!batch_.empty()) {
    queue_->SubmitAndWait(batch_);
    const int64_t now_ns = NowNs();
    size_t count = 0;
    for (Request* request : batch_) {
      Operation* op = static_cast<Operation*>(request->user_data);
      if (!recorder->Finish(op, request->result, now_ns)) continue;
      Fill(request);
      batch_[count++] = request;
    }
    batch_.resize(count);
  }
}

class QueueEngine final : public Engine {
 public:
  QueueEngine(absl::string_view backend, Waits waits)
      : backend_(backend), waits_(waits) {}

  absl::Status Supports(const Job& job) const override {
    for (const BackendVerdict& verdict : ProbeBackends()) {
      if (verdict.name == backend_ && !verdict.status.ok()) {
        return verdict.status;
      }
    }
    WorkerPool pool(PoolOptions(job));
    return TryPrepare(job, MakeDriver(&pool));
  }

  absl::StatusOr<Measurement> Measure(const Job& job) override {
    WorkerPool pool(PoolOptions(job));
    return MeasureDrivers(job, MakeDriver(&pool));
  }

 private:
  static WorkerPoolOptions PoolOptions(const Job& job) {
    WorkerPoolOptions options;
    options.threads_max = job.threads;
    return options;
  }
  DriverFactory MakeDriver(WorkerPool* pool) const {
    return [this, pool] {
      return std::make_unique<QueueDriver>(backend_, waits_, pool);
    };
  }

  const std::string backend_;
  const Waits waits_;
};

}  // namespace

std::unique_ptr<Engine> NewQueueEngine(absl::string_view backend, Waits waits) {
  return std::make_unique<QueueEngine>(backend, waits);
}

}  // namespace uasio::bench
