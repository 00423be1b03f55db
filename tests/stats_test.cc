// stats() and DebugString() tell what a queue has done and what is in flight.

#include "asio/stats.h"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <string>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class StatsTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(StatsTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(StatsTest);

TEST_P(StatsTest, CountsByOperation) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  queue->Submit(Prepare(queue.get(), Op::kRead, file.fd(), 0, block()));
  queue->Put(queue->WaitUntil(TestDeadline()));
  queue->Submit(Prepare(queue.get(), Op::kWriteBack, file.fd(), 0, block()));
  EXPECT_TRUE(queue->Sync().ok());
  const QueueStats& stats = queue->stats();
  EXPECT_EQ(stats.submitted, 2u);
  EXPECT_EQ(stats.of(Op::kRead).completed, 1u);
  EXPECT_EQ(stats.of(Op::kRead).bytes, block());
  EXPECT_EQ(stats.of(Op::kWriteBack).completed, 1u);
  EXPECT_EQ(stats.of(Op::kWriteBack).bytes, block());
  EXPECT_EQ(stats.of(Op::kRead).failed, 0u);
  EXPECT_GE(stats.backend + stats.workers, 2u);
}

TEST_P(StatsTest, CountsFailures) {
  const auto queue = MakeQueue();
  queue->Submit(Prepare(queue.get(), Op::kRead, /*fd=*/-1, 0, block()));
  Request* r = queue->WaitUntil(TestDeadline());
  EXPECT_EQ(r->result, -EBADF);
  EXPECT_EQ(queue->stats().of(Op::kRead).failed, 1u);
  EXPECT_THAT(queue->stats().ToString(),
              HasSubstr("read: 1 completed, 1 failed"));
}

TEST(QueueStatsTest, CountsWhatIsHeldAndCancelled) {
  QueueOptions options;
  options.measure_latency = true;
  Queue queue(options, std::make_unique<ManualBackend>());
  const Fd file =
      Fd(open(testing::TempDir().c_str(), O_TMPFILE | O_RDWR, 0600));
  Request* first = Prepare(&queue, Op::kWrite, file.get(), 0, 4096);
  Request* second = Prepare(&queue, Op::kWrite, file.get(), 0, 4096);
  queue.Submit(first);
  queue.Submit(second);
  EXPECT_EQ(queue.stats().held, 1u);
  EXPECT_THAT(
      queue.DebugString(),
      AllOf(
          HasSubstr("2 in flight"),
          ContainsRegex("running on held, submitted .* ago: write of 4096 "
                        "bytes at offset 0 on fd"),
          ContainsRegex("held by others on its fd, submitted .* ago: write")));
  queue.Cancel(second);
  EXPECT_EQ(queue.stats().cancelled, 1u);
  EXPECT_THAT(queue.DebugString(), HasSubstr("failed, not collected"));
}

TEST(QueueStatsTest, CountsTheTimesAtDepthMax) {
  QueueOptions options;
  options.depth_max = 1;
  Queue queue(options, std::make_unique<ManualBackend>());
  const Fd file =
      Fd(open(testing::TempDir().c_str(), O_TMPFILE | O_RDWR, 0600));
  queue.Submit(Prepare(&queue, Op::kRead, file.get(), 0, 4096));
  EXPECT_EQ(queue.stats().depth_reached, 0u);
  queue.Submit(Prepare(&queue, Op::kRead, file.get(), 4096, 4096));
  EXPECT_GE(queue.stats().depth_reached, 1u);
  EXPECT_THAT(queue.DebugString(), HasSubstr("held by depth_max"));
}

TEST(QueueStatsTest, CountsWhatTheBackendDoesNotFinish) {
  ManualQueue q;
  q.held->finishes_transfers = false;
  const BlockFile file(/*direct=*/false, "ab");
  const QueueStats& stats = q.queue.stats();
  Request* r = q.queue.Get();
  const auto finish_as = [&](Request* filled, int64_t result) {
    q.queue.Submit(filled);
    q.held->FinishAs(filled, result);
    q.queue.Wait(filled);
    EXPECT_EQ(filled->result, 2) << filled->status();
  };
  finish_as(r->Read(file.file(), 0, 2), kRefused);
  EXPECT_EQ(stats.refused, 1u);
  finish_as(r->Read(file.file(), 0, 2), -EAGAIN);
  EXPECT_EQ(stats.would_block, 1u);
  finish_as(r->Read(file.file(), 0, 2), -EOPNOTSUPP);
  EXPECT_EQ(stats.not_supported, 1u);
  finish_as(r->Write(file.file(), 0, 2), 0);
  EXPECT_EQ(stats.unfinished, 1u);
  EXPECT_EQ(stats.workers, 4u);
  EXPECT_EQ(stats.resubmitted, 0u);
  finish_as(r->Read(file.file(), 0, 2), -EINTR);
  EXPECT_EQ(stats.resubmitted, 1u);
  EXPECT_EQ(stats.workers, 4u);
  EXPECT_EQ(stats.backend, 6u);
}

TEST(QueueStatsTest, CountsWaitsAndWhatTheOwnerPerforms) {
  Queue queue;
  const BlockFile file(/*direct=*/false, "ab");
  Request* r = queue.Get();
  queue.SubmitAndWait(r->Read(file.file(), 0, 2));
  EXPECT_EQ(queue.stats().owner, 1u);
  EXPECT_EQ(queue.stats().workers, 0u);
  ManualQueue q;
  Submit(&q.queue, Op::kNoOp);
  EXPECT_EQ(q.queue.TryWait(), nullptr);
  EXPECT_EQ(q.queue.stats().waits, 0u);
  EXPECT_NE(q.queue.Wait(), nullptr);
  EXPECT_EQ(q.queue.stats().waits, 1u);
}

TEST(QueueStatsTest, DebugStringCountsWriteBacksAndWhatRuns) {
  ManualQueue q;
  const BlockFile file(/*direct=*/false, "ab");
  SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
  Submit(&q.queue, Op::kRead, file.fd(), 0, 1);  // Held.
  EXPECT_EQ(
      q.queue.DebugString().find(
          "queue on held: 2 in flight, of these 1 write-backs, 1 running"),
      0u);
  EXPECT_THAT(q.queue.DebugString(),
              HasSubstr("held by others on its fd: read"));
  EXPECT_TRUE(q.queue.Sync().ok());
  EXPECT_THAT(q.queue.DebugString(), HasSubstr("completed, not collected"));
}

TEST(QueueStatsTest, MeasuresLatencyIfAskedTo) {
  for (const bool measure : {false, true}) {
    QueueOptions options;
    options.measure_latency = measure;
    Queue queue(options);
    const auto begin = std::chrono::steady_clock::now();
    queue.Submit(queue.Get()->NoOp());
    (void)queue.Wait();
    const auto elapsed = std::chrono::steady_clock::now() - begin;
    EXPECT_LE(queue.stats().latency.Percentile(1),
              2 * absl::FromChrono(elapsed));
    EXPECT_EQ(queue.stats().latency.total(), measure ? 1u : 0u);
  }
}

}  // namespace
}  // namespace uasio
