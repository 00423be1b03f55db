// The contract: "Order", tested by results: random overlapping requests on two
// files, one of them O_APPEND, give the same results and contents as a model in
// memory that performs them one by one.

#include "tests/model.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seed.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr uint64_t kSeeds = 3;
constexpr uint64_t kDirectSeeds = 2;        // Disks are slow.
constexpr int kOperations = Scaled(10000);  // For each seed.
constexpr int kOperationsPerCheck = 500;
constexpr size_t kFileUnits = 128;  // The initial size, and the offsets used.
constexpr size_t kUnitsMax = 12;    // In one transfer.
constexpr size_t kBatchMax = 8;

// A file and its model.  A unit is a byte, or the alignment of a direct file.
struct ModelledFile {
  ModelledFile(bool direct, bool appending)
      : model("", appending), scratch("") {
    const int flags = O_RDWR | (appending ? O_APPEND : 0);
    file = *File::Open(scratch.path(), flags, 0,
                       direct ? File::Mode::kDirect : File::Mode::kBuffered);
    const Alignment alignment = file.alignment();
    unit = file.direct()
               ? std::max(alignment.offset_bytes, alignment.memory_bytes)
               : 1;
    Reset();
  }

  // Restores the initial size and position.  REQUIRES: nothing is in flight.
  void Reset() {
    EXPECT_EQ(ftruncate(file.fd(), static_cast<off_t>(kFileUnits * unit)), 0);
    EXPECT_EQ(lseek(file.fd(), 0, SEEK_SET), 0);
    model.Truncate(kFileUnits * unit);
    model.Rewind();
  }

  void Check() {
    model.Check();
    EXPECT_TRUE(scratch.Contents() == model.contents());
    Reset();
  }

  FileModel model;
  ScratchFile scratch;
  File file;
  size_t unit;
};

// Sends random requests through a queue.
class RandomRequests {
 public:
  RandomRequests(Queue* queue, uint64_t seed, bool direct)
      : random_(seed),
        queue_(queue),
        plain_(direct, false),
        appending_(direct, true) {}

  void Run() {
    for (int i = 0; i < kOperations && !testing::Test::HasFailure(); ++i) {
      Submit();
      const size_t what = Below(16);
      if (what < 4) CheckAndPut(queue_->TryWait());
      if (what < 2) CheckAndPut(queue_->Wait());
      if (what < 6) CancelOne();
      if (what == 15 && Below(10) == 0) Sync();
      if (i % kOperationsPerCheck == 0) Check();
    }
    Check();
  }

 private:
  // What a request's user_data points to.
  struct InFlight {
    RandomRequests* self;
    Step* step;
  };

  size_t Below(size_t n) { return random_() % n; }

  void Sync() { EXPECT_TRUE(queue_->Sync().ok()); }

  void Check() {
    SubmitBatch();
    Sync();
    while (Request* r = queue_->Wait()) CheckAndPut(r);
    EXPECT_EQ(queue_->in_flight(), 0u);
    EXPECT_TRUE(out_.empty());
    plain_.Check();
    appending_.Check();
  }

  void Submit() {
    Request* r = queue_->Get();
    while (r == nullptr) {
      Request* back = queue_->Wait();
      back != nullptr ? CheckAndPut(back) : Sync();
      r = queue_->Get();
    }
    batch_.push_back(Fill(r));
    if (r->op != Op::kWriteBack) out_.push_back(r);
    if (Below(4) != 0 || batch_.size() == kBatchMax) SubmitBatch();
  }

  void SubmitBatch() {
    queue_->Submit(batch_);
    batch_.clear();
  }

  Request* Fill(Request* r) {
    constexpr Op kOps[] = {Op::kRead,  Op::kRead,      Op::kWrite,
                           Op::kReadv, Op::kWriteBack, Op::kWritev,
                           Op::kWrite, Op::kWriteBack, Op::kRead};
    ModelledFile* on = Below(3) == 0 ? &appending_ : &plain_;
    Step step;
    step.op = kOps[Below(std::size(kOps))];
    if (Below(100) == 0) step.op = Below(2) == 0 ? Op::kFsync : Op::kFdatasync;
    step.length = IsSync(step.op) ? 0 : Below(kUnitsMax + 1) * on->unit;
    step.offset = static_cast<int64_t>(Below(kFileUnits) * on->unit);
    const size_t room =
        kFileUnits * on->unit - static_cast<size_t>(step.offset);
    step.length = std::min(step.length, room);
    if (Below(20) == 0) step.offset = kFilePosition;
    if (IsWrite(step.op)) {
      step.bytes.resize(step.length);
      for (char& byte : step.bytes) byte = static_cast<char>(random_());
      std::memcpy(r->buffer, step.bytes.data(), step.length);
    }
    r->op = step.op;
    r->fd = on->file.fd();
    r->offset = step.offset;
    r->length = step.length;
    Step* entered = on->model.Enter(std::move(step));
    if (IsVectored(r->op)) SplitIntoIovecs(r, entered, on->unit);
    if (r->op == Op::kWriteBack) return r;
    r->user_data = new InFlight{this, entered};
    if (Below(4) == 0) r->handler = &Handler;
    return r;
  }

  // Splits the request's buffer into up to three iovecs.
  void SplitIntoIovecs(Request* r, Step* step, size_t unit) {
    char* begin = r->buffer;
    size_t left = r->length;
    for (int i = 0; i < 3 && left > 0; ++i) {
      const size_t size = i == 2 ? left : Below(left / unit + 1) * unit;
      step->iovecs.push_back({begin, size});
      begin += size;
      left -= size;
    }
    step->iovecs.reserve(1);  // data() must not be nullptr.
    r->iovecs = step->iovecs.data();
    r->iovec_count = static_cast<int>(step->iovecs.size());
  }

  static void Handler(Request* r) noexcept {
    static_cast<InFlight*>(r->user_data)->self->CheckAndPut(r);
  }

  void CheckAndPut(Request* r) {
    if (r == nullptr) return;
    const std::unique_ptr<InFlight> flight(
        static_cast<InFlight*>(r->user_data));
    flight->step->result = r->result;
    if (IsRead(r->op) && r->result > 0) {
      flight->step->bytes.assign(r->buffer, static_cast<size_t>(r->result));
    }
    EXPECT_TRUE(r->result != -ECANCELED || r->transferred == 0);
    out_.erase(std::find(out_.begin(), out_.end(), r));
    queue_->Put(r);
  }

  void CancelOne() {
    if (out_.empty()) return;
    Request* r = out_[Below(out_.size())];
    if (std::find(batch_.begin(), batch_.end(), r) != batch_.end()) return;
    queue_->Cancel(r);
  }

  std::mt19937_64 random_;
  Queue* const queue_;
  ModelledFile plain_;
  ModelledFile appending_;
  std::vector<Request*> batch_;  // Not yet submitted.
  std::vector<Request*> out_;    // In batch_ or in flight, without write-backs.
};

// Finishes requests in random order, as late as possible, and leaves some of
// them to the workers.
std::unique_ptr<Backend> MakeShuffling() {
  auto backend = std::make_unique<ManualBackend>();
  const auto random = std::make_shared<std::mt19937_64>(1);
  backend->when_awaited = [held = backend.get(), random] {
    Request* r = held->running[(*random)() % held->running.size()];
    (*random)() % 8 == 0 ? held->FinishAs(r, kRefused) : held->Finish(r);
  };
  return backend;
}

std::vector<BackendCase> BackendsAndShuffling() {
  std::vector<BackendCase> cases = Backends();
  cases.push_back({"shuffling", &MakeShuffling});
  return cases;
}

class ModelTest : public BackendTest {
 protected:
  void Run(bool direct) {
    const uint64_t first = TestSeed(1);
    const uint64_t end = first + (direct ? kDirectSeeds : kSeeds);
    for (uint64_t seed = first; seed < end; ++seed) {
      SCOPED_TRACE(testing::Message() << "UASIO_SEED=" << seed);
      std::mt19937_64 random(seed);
      QueueOptions options;
      options.requests_max = 16 + random() % 64;
      options.depth_max = 1 + random() % 64;
      options.writebacks_max = 1 + random() % 8;
      options.threads_max = 1 + random() % 8;
      const auto queue = MakeQueue(options);
      RandomRequests(queue.get(), random(), direct).Run();
      if (HasFailure()) return;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, ModelTest,
                         testing::ValuesIn(BackendsAndShuffling()),
                         [](const testing::TestParamInfo<BackendCase>& info) {
                           return info.param.name;
                         });

TEST_P(ModelTest, BufferedFilesMatchTheModel) { Run(false); }

TEST_P(ModelTest, DirectFilesMatchTheModel) {
  const ScratchFile probe;
  const auto file = File::Open(probe.path(), O_RDWR);
  ASSERT_TRUE(file.ok()) << file.status();
  if (!file->direct()) GTEST_SKIP() << file->why_buffered();
  Run(true);
}

}  // namespace
}  // namespace uasio
