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
  QueueDriver(std::string backend, WorkerPool* pool)
      : backend_(std::move(backend)), pool_(pool) {}

  absl::Status Prepare(const Job& job) override;
  void Run(Recorder* recorder) override;

 private:
  void Fill(Request* request) const;

  const std::string backend_;
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
  size_t in_flight = 0;
  for (Request* request : batch_) {
    if (!recorder->Begin(static_cast<Operation*>(request->user_data), NowNs()))
      break;
    Fill(request);
    batch_[in_flight++] = request;
  }
  batch_.resize(in_flight);
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

class QueueEngine final : public Engine {
 public:
  explicit QueueEngine(absl::string_view backend) : backend_(backend) {}

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
    return
        [this, pool] { return std::make_unique<QueueDriver>(backend_, pool); };
  }

  const std::string backend_;
};

}  // namespace

std::unique_ptr<Engine> NewQueueEngine(absl::string_view backend) {
  return std::make_unique<QueueEngine>(backend);
}

}  // namespace uasio::bench
