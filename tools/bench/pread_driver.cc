#include <errno.h>
#include <unistd.h>

#include <deque>
#include <thread>

#include "tools/bench/drivers.h"

namespace uasio::bench {
namespace {

int64_t Perform(const Operation& op, size_t size) {
  const ssize_t done = op.write ? pwrite(op.fd, op.buffer, size, op.offset)
                                : pread(op.fd, op.buffer, size, op.offset);
  return done < 0 ? -errno : done;
}

void RunOne(Operation* op, Recorder* recorder) {
  const size_t size = recorder->schedule()->job().block_bytes;
  if (!recorder->Begin(op, NowNs())) return;
  int64_t done;
  do {
    done = Perform(*op, size);
  } while (recorder->Finish(op, done, NowNs()));
}

class PreadDriver final : public Driver {
 public:
  absl::Status Prepare(const Job& job) override {
    return table_.Allocate(job, 1);
  }
  void Run(Recorder* recorder) override {
    RunOne(&table_.operations()[0], recorder);
  }

 private:
  OperationTable table_;
};

class PreadThreadsDriver final : public Driver {
 public:
  absl::Status Prepare(const Job& job) override {
    return table_.Allocate(job, job.threads);
  }

  void Run(Recorder* recorder) override {
    std::deque<Recorder> recorders;
    std::vector<std::thread> threads;
    for (Operation& op : table_.operations()) {
      Recorder* own = &recorders.emplace_back(recorder->schedule());
      threads.emplace_back([own, &op] { RunOne(&op, own); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const Recorder& own : recorders) recorder->Merge(own);
  }

 private:
  OperationTable table_;
};

}  // namespace

std::unique_ptr<Driver> NewPreadDriver() {
  return std::make_unique<PreadDriver>();
}

std::unique_ptr<Driver> NewPreadThreadsDriver() {
  return std::make_unique<PreadThreadsDriver>();
}

}  // namespace uasio::bench
