#include "asio/backends/fault.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "asio/backends/completion_buffer.h"
#include "asio/backends/fault_testing.h"
#include "asio/backends/sync.h"
#include "asio/buffer.h"
#include "asio/file.h"
#include "asio/internal/request_transfer.h"
#include "asio/queue.h"
#include "asio/syscalls/perform.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using Kind = FaultOptions::Kind;

constexpr char kBlock[] = "0123456789abcdef";

// The results of `count` requests, submitted one after the other.
std::vector<int64_t> Results(FaultyQueue* q, Op op, int fd, int count) {
  std::vector<int64_t> results;
  for (int i = 0; i < count; ++i) {
    results.push_back(Finish(&q->queue, Submit(&q->queue, op, fd, 0, 4)));
  }
  return results;
}

TEST(FaultTest, AScriptedFaultHitsOnlyTheNthRequestOfItsKind) {
  FaultyQueue q(Script(Kind::kWrite, 2, Fault::kIoError));
  const ScratchFile file(kBlock);
  EXPECT_EQ(Results(&q, Op::kRead, file.fd(), 3),
            (std::vector<int64_t>{4, 4, 4}));
  EXPECT_EQ(Results(&q, Op::kWrite, file.fd(), 3),
            (std::vector<int64_t>{4, -EIO, 4}));
  EXPECT_EQ(q.faults->count(Fault::kIoError), 1u);
  EXPECT_EQ(q.faults->count(Fault::kNone), 5u);
  EXPECT_EQ(q.faults->name(), "fault(sync)");
}

TEST(FaultTest, TheNthOfAnyKindCountsAllRequests) {
  FaultyQueue q(Script(Kind::kAny, 3, Fault::kIoError));
  const ScratchFile file(kBlock);
  EXPECT_EQ(Results(&q, Op::kRead, file.fd(), 1), (std::vector<int64_t>{4}));
  EXPECT_EQ(Finish(&q.queue, Submit(&q.queue, Op::kNoOp)), 0);
  EXPECT_EQ(Finish(&q.queue, Submit(&q.queue, Op::kFsync, file.fd())), -EIO);
}

TEST(FaultTest, ANoOpDoesNotCountAsASync) {
  FaultyQueue q(Script(Kind::kSync, 1, Fault::kIoError));
  const ScratchFile file;
  EXPECT_EQ(Finish(&q.queue, Submit(&q.queue, Op::kNoOp)), 0);
  EXPECT_EQ(Finish(&q.queue, Submit(&q.queue, Op::kFdatasync, file.fd())),
            -EIO);
  q.queue.ClearErrors(file.fd());
}

TEST(FaultTest, AFailedWriteTransfersNothing) {
  for (const auto& [fault, error] :
       {std::pair(Fault::kIoError, EIO), std::pair(Fault::kNoSpace, ENOSPC)}) {
    FaultyQueue q(Script(Kind::kWrite, 1, fault));
    const ScratchFile file(kBlock);
    Request* w = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "xxxx");
    EXPECT_EQ(Finish(&q.queue, w), -error);
    EXPECT_EQ(w->transferred, 0u);
    EXPECT_EQ(file.Contents(), kBlock);
    EXPECT_EQ(q.pool.threads(), 0u);
  }
}

TEST(FaultTest, OnlyWritesGetNoSpace) {
  FaultyQueue q(Rate(Fault::kNoSpace, 1));
  const ScratchFile file(kBlock);
  EXPECT_EQ(Results(&q, Op::kRead, file.fd(), 2), (std::vector<int64_t>{4, 4}));
  EXPECT_EQ(q.faults->count(Fault::kNoSpace), 0u);
  EXPECT_EQ(Results(&q, Op::kWrite, file.fd(), 1),
            (std::vector<int64_t>{-ENOSPC}));
  EXPECT_EQ(q.faults->count(Fault::kNoSpace), 1u);
}

TEST(FaultTest, TheQueueResubmitsShortTransfers) {
  FaultyQueue q(Rate(Fault::kShort, 1));
  const ScratchFile file;
  Request* w = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, kBlock);
  EXPECT_EQ(Finish(&q.queue, w), 16);
  EXPECT_EQ(q.faults->count(Fault::kShort), 4u);  // 8, 4, 2 and 1 bytes.
  EXPECT_EQ(file.Contents(), kBlock);
  Request* r = Submit(&q.queue, Op::kRead, file.fd(), 0, 100);
  EXPECT_EQ(Finish(&q.queue, r), 16);
  EXPECT_EQ(BytesOf(*r), kBlock);
  EXPECT_EQ(q.pool.threads(), 0u);
}

TEST(FaultTest, TheQueueResubmitsInterruptedRequests) {
  FaultyQueue q(Script(Kind::kRead, 1, Fault::kInterrupted));
  const ScratchFile file(kBlock);
  EXPECT_EQ(Results(&q, Op::kRead, file.fd(), 1), (std::vector<int64_t>{4}));
  EXPECT_EQ(q.faults->count(Fault::kInterrupted), 1u);
  EXPECT_EQ(q.faults->count(Fault::kNone), 1u);
  EXPECT_EQ(q.pool.threads(), 0u);
}

TEST(FaultTest, OnFilesTheWorkersDoTryAgainAndRefusedRequests) {
  for (const Fault fault : {Fault::kTryAgain, Fault::kRefusal}) {
    FaultyQueue q(Rate(fault, 1));
    const ScratchFile file(kBlock);
    EXPECT_EQ(Results(&q, Op::kRead, file.fd(), 1), (std::vector<int64_t>{4}));
    EXPECT_EQ(Finish(&q.queue, Submit(&q.queue, Op::kFsync, file.fd())), 0);
    EXPECT_EQ(q.faults->count(fault), 2u);
    EXPECT_GT(q.pool.threads(), 0u);
  }
}

TEST(FaultTest, OnAPipeTryAgainIsTheResult) {
  FaultyQueue q(Script(Kind::kRead, 1, Fault::kTryAgain));
  const Pipe pipe(O_NONBLOCK);
  pipe.Put("x");
  Request* r =
      Submit(&q.queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  EXPECT_EQ(Finish(&q.queue, r), -EAGAIN);
  EXPECT_EQ(q.pool.threads(), 0u);
}

TEST(FaultTest, TryAgainIsTheResultOfARequestThatMustNotWait) {
  FaultyQueue q(Script(Kind::kRead, 1, Fault::kTryAgain));
  const ScratchFile file(kBlock);
  Request* r = Prepare(&q.queue, Op::kRead, file.fd(), 0, 4);
  r->flags = RWF_NOWAIT;
  q.queue.Submit(r);
  EXPECT_EQ(Finish(&q.queue, r), -EAGAIN);
  EXPECT_EQ(q.pool.threads(), 0u);
}

// Records the requests that reach the wrapped backend.
class LengthRecorder final : public Backend {
 public:
  absl::string_view name() const override { return "recorder"; }
  bool Takes(const Request&) const override { return true; }
  void Attach(int) override {}
  size_t Start(absl::Span<Request* const> batch) override {
    for (const Request* r : batch) {
      lengths.push_back(r->length - r->transferred);
    }
    return sync_.Start(batch);
  }
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override {
    return sync_.Reap(out, min, deadline);
  }
  void Cancel(Request*) override {}

  std::vector<size_t> lengths;

 private:
  SyncBackend sync_;
};

TEST(FaultTest, OnADirectFileShortCountsAreWholeBlocks) {
  auto recorder = std::make_unique<LengthRecorder>();
  LengthRecorder* seen = recorder.get();
  FaultyQueue q(Rate(Fault::kShort, 1), std::move(recorder));
  const ScratchFile scratch;
  auto file = File::Open(scratch.path(), O_RDWR);
  ASSERT_TRUE(file.ok()) << file.status();
  if (!file->direct()) GTEST_SKIP() << file->why_buffered();
  const std::string bytes(5 * kBufferAlignment, 'x');
  Request* w = SubmitWrite(&q.queue, Op::kWrite, file->fd(), 0, bytes);
  EXPECT_EQ(Finish(&q.queue, w), static_cast<int64_t>(bytes.size()));
  const size_t block = kBufferAlignment;
  EXPECT_EQ(seen->lengths,
            (std::vector<size_t>{2 * block, block, block, block}));
  EXPECT_EQ(scratch.Contents(), bytes);
}

// Stores each byte inverted, and answers the next request with `next_result`
// if that is not 0.
class InvertingBackend final : public Backend {
 public:
  absl::string_view name() const override { return "inverting"; }
  bool Takes(const Request&) const override { return true; }
  bool FinishesTransfers() const override { return true; }
  void Attach(int) override {}
  size_t Start(absl::Span<Request* const> batch) override {
    for (Request* r : batch) {
      if (next_result != 0) {
        finished_.Add(r, std::exchange(next_result, 0), r->transferred);
        continue;
      }
      Transfer transfer = internal::MakeTransfer(*r);
      const std::string inverted = Inverted(std::string(r->buffer, r->length));
      if (IsWrite(r->op)) transfer.buffer = const_cast<char*>(inverted.data());
      const int64_t result = Perform(&transfer);
      finished_.Add(r, result, transfer.done);
    }
    return finished_.size();
  }
  size_t Reap(absl::Span<Completion> out, size_t, Deadline) override {
    return finished_.MoveTo(out);
  }
  void Cancel(Request*) override {}

  static std::string Inverted(std::string bytes) {
    for (char& c : bytes) c = static_cast<char>(~c);
    return bytes;
  }

  int64_t next_result = 0;

 private:
  CompletionBuffer finished_;
};

TEST(FaultTest, ABackendThatChangesTheBytesChangesAllOfThem) {
  for (const Fault fault :
       {Fault::kShort, Fault::kInterrupted, Fault::kTryAgain, Fault::kRefusal,
        Fault::kDelayed}) {
    for (const bool can_crash : {false, true}) {
      FaultOptions options = Script(Kind::kWrite, 1, fault);
      options.can_crash = can_crash;
      FaultyQueue q(options, std::make_unique<InvertingBackend>());
      const ScratchFile file;
      Request* w = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, kBlock);
      EXPECT_EQ(Finish(&q.queue, w), 16);
      EXPECT_EQ(file.Contents(), InvertingBackend::Inverted(kBlock))
          << static_cast<int>(fault) << can_crash;
      EXPECT_EQ(q.pool.threads(), 0u);
    }
  }
}

TEST(FaultTest, FinalResultsOfTheWrappedBackendStayFinal) {
  for (const bool can_crash : {false, true}) {
    for (const Fault fault : {Fault::kNone, Fault::kDelayed}) {
      auto inverting = std::make_unique<InvertingBackend>();
      inverting->next_result = -EAGAIN;
      FaultOptions options = Rate(fault, 1);
      options.can_crash = can_crash;
      FaultyQueue q(options, std::move(inverting));
      const ScratchFile file;
      Request* w = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, kBlock);
      EXPECT_EQ(Finish(&q.queue, w), -EAGAIN);
      EXPECT_EQ(file.Contents(), "");
      EXPECT_EQ(q.pool.threads(), 0u);
    }
  }
}

TEST(FaultTest, ADelayedRequestCompletesAfterAnother) {
  FaultyQueue q(Script(Kind::kAny, 1, Fault::kDelayed));
  Request* late = Prepare(&q.queue, Op::kNoOp);
  Request* other = Prepare(&q.queue, Op::kNoOp);
  q.queue.Submit({late, other});
  EXPECT_EQ(Finish(&q.queue, other), 0);
  EXPECT_EQ(Finish(&q.queue, late), 0);
  EXPECT_EQ(q.faults->count(Fault::kDelayed), 1u);
}

TEST(FaultTest, ADelayedRequestCompletesIfThereIsNoOther) {
  FaultyQueue q(Rate(Fault::kDelayed, 1));
  Request* only = Submit(&q.queue, Op::kNoOp);
  EXPECT_EQ(Finish(&q.queue, only), 0);
}

TEST(FaultTest, WaitReturnsADelayedRequestRatherThanBlock) {
  auto held = std::make_unique<ManualBackend>();
  ManualBackend* wrapped = held.get();
  FaultyQueue q(Script(Kind::kAny, 1, Fault::kDelayed), std::move(held));
  Request* late = Submit(&q.queue, Op::kNoOp);
  Request* other = Submit(&q.queue, Op::kNoOp);
  EXPECT_EQ(Finish(&q.queue, late), 0);  // Blocks for the first request only.
  EXPECT_EQ(wrapped->awaited, 1u);
  EXPECT_EQ(wrapped->running.size(), 1u);
  EXPECT_EQ(Finish(&q.queue, other), 0);
}

// Otherwise it would not even begin while the queue's owner computes.
TEST(FaultTest, RequestsThatGoToTheWorkersAreNotDelayed) {
  for (const int64_t result : {kRefused, int64_t{-EAGAIN}}) {
    auto held = std::make_unique<ManualBackend>();
    ManualBackend* wrapped = held.get();
    wrapped->finishes_transfers = false;
    FaultyQueue q(Script(Kind::kAny, 1, Fault::kDelayed), std::move(held));
    const ScratchFile file(kBlock);
    Request* refused = Submit(&q.queue, Op::kRead, file.fd(), 0, 4);
    Request* other = Submit(&q.queue, Op::kNoOp);
    wrapped->FinishAs(wrapped->running[0], result);
    EXPECT_EQ(Finish(&q.queue, refused), 4);
    EXPECT_EQ(wrapped->running.size(), 1u);
    wrapped->FinishAll();
    EXPECT_EQ(Finish(&q.queue, other), 0);
  }
}

// A poller, or a queue with two sources, reaps without blocking.
TEST(FaultTest, ADelayedRequestSignalsAndCompletesAtTheNextReap) {
  auto held = std::make_unique<ManualBackend>();
  ManualBackend* wrapped = held.get();
  FaultyQueue q(Script(Kind::kAny, 1, Fault::kDelayed), std::move(held));
  pollfd in = {*q.queue.event_fd(), POLLIN, 0};
  Request* late = Submit(&q.queue, Op::kNoOp);
  Request* other = Submit(&q.queue, Op::kNoOp);
  wrapped->Finish(wrapped->running[0]);
  EXPECT_EQ(q.queue.TryWait(), nullptr);
  EXPECT_EQ(poll(&in, 1, 0), 1);
  EXPECT_EQ(q.queue.TryWait(), late);
  EXPECT_EQ(q.queue.TryWait(), nullptr);
  EXPECT_EQ(poll(&in, 1, 0), 0);
  wrapped->FinishAll();
  EXPECT_EQ(Finish(&q.queue, other), 0);
}

TEST(FaultTest, CancelCompletesADelayedRequest) {
  auto held = std::make_unique<ManualBackend>();
  ManualBackend* wrapped = held.get();
  FaultyQueue q(Script(Kind::kAny, 1, Fault::kDelayed), std::move(held));
  Request* late = Submit(&q.queue, Op::kNoOp);
  Request* other = Submit(&q.queue, Op::kNoOp);
  wrapped->Finish(wrapped->running[0]);
  EXPECT_EQ(q.queue.TryWait(), nullptr);
  q.queue.Cancel(late);
  EXPECT_EQ(q.queue.TryWait(), late);
  EXPECT_EQ(late->result, 0);  // It had finished before the cancel.
  EXPECT_EQ(wrapped->cancels, 0u);
  wrapped->FinishAll();
  EXPECT_EQ(Finish(&q.queue, other), 0);
}

TEST(FaultTest, ReorderedRequestsComeBackOnceEach) {
  FaultOptions options;
  options.reorder = true;
  FaultyQueue q(options);
  std::vector<Request*> batch;
  for (int i = 0; i < 60; ++i) batch.push_back(Prepare(&q.queue, Op::kNoOp));
  q.queue.Submit(batch);
  std::vector<Request*> back;
  while (Request* r = q.queue.TryWait()) back.push_back(r);
  EXPECT_NE(back, batch);
  std::sort(back.begin(), back.end());
  std::sort(batch.begin(), batch.end());
  EXPECT_EQ(back, batch);
}

// The results of 1000 no-ops; `count`: how many of them failed.
std::vector<int64_t> ResultsOfNoOps(uint64_t seed, bool reorder,
                                    uint64_t* count) {
  FaultOptions options = Rate(Fault::kIoError, 0.25, seed);
  options.reorder = reorder;
  FaultyQueue q(options);
  std::vector<int64_t> results = Results(&q, Op::kNoOp, -1, 1000);
  *count = q.faults->count(Fault::kIoError);
  EXPECT_EQ(q.faults->count(Fault::kNone), 1000 - *count);
  EXPECT_EQ(std::count(results.begin(), results.end(), -EIO),
            static_cast<int64_t>(*count));
  return results;
}

TEST(FaultTest, FaultsHitAtTheirRateAndTheSeedReplaysThem) {
  uint64_t count, again;
  const std::vector<int64_t> results = ResultsOfNoOps(7, false, &count);
  EXPECT_GT(count, 190u);
  EXPECT_LT(count, 310u);
  EXPECT_EQ(ResultsOfNoOps(7, false, &again), results);
  EXPECT_EQ(ResultsOfNoOps(7, true, &again), results);
  EXPECT_NE(ResultsOfNoOps(8, false, &again), results);
}

TEST(FaultDeathTest, ThereMustBeABackendToWrap) {
  EXPECT_DEATH(FaultBackend(FaultOptions(), nullptr), "no backend to wrap");
}

}  // namespace
}  // namespace uasio
