// The contract: "What is waited for is not handed over."

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

class SubmitAndWaitTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(SubmitAndWaitTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(SubmitAndWaitTest);

TEST_P(SubmitAndWaitTest, TheRequestIsBackWithTheCaller) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("ab");
  Request* other = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  Request* w =
      PrepareWrite(queue.get(), Op::kWrite, file.fd(), At(1), Blocks("x"));
  queue->SubmitAndWait(w);
  EXPECT_EQ(w->result, static_cast<int64_t>(block()));
  w->op = Op::kRead;
  w->offset = 0;
  w->length = 2 * block();
  queue->SubmitAndWait(w);
  EXPECT_EQ(TextOf(BytesOf(*w)), "ax");
  w->op = Op::kFdatasync;
  queue->SubmitAndWait(w);
  EXPECT_EQ(w->result, 0);
  EXPECT_EQ(queue->Wait(), other);
}

TEST_P(SubmitAndWaitTest, OfABatchAllAreBackInTheirOrder) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("abcd");
  std::vector<Request*> batch;
  for (size_t i = 0; i < 4; ++i) {
    batch.push_back(
        PrepareWrite(queue.get(), Op::kWrite, file.fd(), At(i), Blocks("x")));
  }
  batch.push_back(Prepare(queue.get(), Op::kFsync, file.fd()));
  batch.push_back(Prepare(queue.get(), Op::kRead, file.fd(), 0, 4 * block()));
  queue->SubmitAndWait(batch);
  EXPECT_EQ(queue->in_flight(), 0u);
  EXPECT_EQ(queue->TryWait(), nullptr);
  EXPECT_EQ(TextOf(BytesOf(*batch[5])), "xxxx");
  EXPECT_EQ(batch[4]->result, 0);
}

TEST_P(SubmitAndWaitTest, AHeldRequestRunsAfterWhatHoldsIt) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), 0, Blocks("x"));
  Request* r = Prepare(queue.get(), Op::kRead, file.fd(), 0, block());
  queue->SubmitAndWait(r);
  EXPECT_EQ(TextOf(BytesOf(*r)), "x");
}

TEST_P(SubmitAndWaitTest, AnErrorIsItsResultAndKeptOnlyAsSeen) {
  const auto queue = MakeQueue();
  Request* r = Prepare(queue.get(), Op::kFsync, /*fd=*/-1);
  queue->SubmitAndWait(r);
  EXPECT_EQ(r->result, -EBADF);
  EXPECT_EQ(queue->ledger().accounts().size(), 1u);
  EXPECT_TRUE(queue->Sync().ok());
}

TEST_P(SubmitAndWaitTest, APipeIsWaitedForWhileHandlersRun) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  const Pipe pipe;
  Request* handled = Prepare(queue.get(), Op::kRead, file.fd(), 0, block());
  handled->user_data = const_cast<Pipe*>(&pipe);
  handled->handler = [](Request* r) noexcept {
    static_cast<Pipe*>(r->user_data)->Put("x");
  };
  queue->Submit(handled);
  Request* r =
      Prepare(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  queue->SubmitAndWait(r);
  EXPECT_EQ(BytesOf(*r), "x");
}

TEST_P(SubmitAndWaitTest, TheSignalsOfWritesStayAway) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  Request* w =
      PrepareWrite(queue.get(), Op::kWrite, file.fd(), At(1), Blocks("x"));
  Request* r = Prepare(queue.get(), Op::kRead, file.fd(), 0, block());
  queue->SubmitAndWait(r);
  {
    const FileSizeLimit limit(block());
    queue->SubmitAndWait(w);
  }
  EXPECT_EQ(w->result, -EFBIG);
  const DefaultSigpipe ends_the_process;
  Pipe pipe;
  pipe.read_end.Close();
  w->fd = pipe.write_end.get();
  w->offset = kFilePosition;
  w->length = 1;
  queue->SubmitAndWait(w);
  EXPECT_EQ(w->result, -EPIPE);
}

class SubmitAndWaitWorkerTest : public testing::Test {
 protected:
  QueueOptions Options() {
    QueueOptions options;
    options.pool = &pool_;
    return options;
  }
  WorkerPool pool_;
};

TEST_F(SubmitAndWaitWorkerTest, NoThreadPerformsWhatTheOwnerWaitsFor) {
  Queue queue(Options());
  const BlockFile file(/*direct=*/false, "ab");
  Request* r = Prepare(&queue, Op::kRead, file.fd(), 0, 2);
  queue.SubmitAndWait(r);
  EXPECT_EQ(BytesOf(*r), "ab");
  r->op = Op::kFsync;
  queue.SubmitAndWait(r);
  r->op = Op::kNoOp;
  queue.SubmitAndWait(r);
  EXPECT_EQ(pool_.threads(), 0u);
}

TEST_F(SubmitAndWaitWorkerTest, NorWhatABackendDoesNotTake) {
  auto* backend = new ManualBackend;
  backend->takes = [](const Request& r) { return r.op == Op::kNoOp; };
  Queue queue(Options(), std::unique_ptr<Backend>(backend));
  const BlockFile file(/*direct=*/false, "ab");
  Request* r = Prepare(&queue, Op::kRead, file.fd(), 0, 2);
  queue.SubmitAndWait(r);
  EXPECT_EQ(BytesOf(*r), "ab");
  EXPECT_EQ(pool_.threads(), 0u);
  r->op = Op::kNoOp;
  queue.SubmitAndWait(r);
  EXPECT_EQ(backend->started, 1u);
}

// So that one system call of the backend submits and waits.
TEST_F(SubmitAndWaitWorkerTest, TheBackendKnowsThatItIsReapedNext) {
  ManualQueue q(Options());
  Request* r = q.queue.Get()->NoOp();
  q.queue.SubmitAndWait(r);
  EXPECT_EQ(q.held->starts_before_reap, 1u);
  q.queue.Submit(r);
  EXPECT_EQ(q.held->starts_before_reap, 1u);
  EXPECT_EQ(q.held->starts, 2u);
}

TEST_F(SubmitAndWaitWorkerTest, AHeldRequestIsPerformedByTheOwnerToo) {
  auto* backend = new ManualBackend;
  backend->takes = [](const Request& r) { return IsWrite(r.op); };
  Queue queue(Options(), std::unique_ptr<Backend>(backend));
  const BlockFile file(/*direct=*/false, "ab");
  SubmitWrite(&queue, Op::kWriteBack, file.fd(), 0, "x");
  Request* r = Prepare(&queue, Op::kRead, file.fd(), 0, 2);
  queue.SubmitAndWait(r);
  EXPECT_EQ(BytesOf(*r), "xb");
  EXPECT_EQ(pool_.threads(), 0u);
}

// A handler blocks in Submit() until the held request has run.
TEST_F(SubmitAndWaitWorkerTest, AHandlerMayWaitForRoomBehindAHeldRequest) {
  QueueOptions options = Options();
  options.writebacks_max = 1;
  ManualQueue q(options);
  q.held->takes = [](const Request& r) {
    return r.op == Op::kWrite || r.op == Op::kNoOp;
  };
  const BlockFile file(/*direct=*/false, "ab");
  struct Context {
    Queue* queue;
    int fd;
  } context = {&q.queue, file.fd()};
  Request* handled = Prepare(&q.queue, Op::kNoOp);
  handled->user_data = &context;
  handled->handler = [](Request* r) noexcept {
    auto* c = static_cast<Context*>(r->user_data);
    for (const char* text : {"1", "2"}) {
      SubmitWrite(c->queue, Op::kWriteBack, c->fd, 0, text);
    }
  };
  SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "x");
  q.queue.Submit(handled);
  q.held->Finish(handled);
  Request* r = Prepare(&q.queue, Op::kRead, file.fd(), 0, 1);
  q.queue.SubmitAndWait(r);
  EXPECT_EQ(BytesOf(*r), "x");
  EXPECT_TRUE(q.queue.Sync().ok());
  EXPECT_EQ(file.Text(), "2b");
}

TEST_F(SubmitAndWaitWorkerTest, AHandlerMayCancelTheHeldRequest) {
  ManualQueue q(Options());
  q.held->takes = [](const Request& r) { return r.op != Op::kRead; };
  const BlockFile file(/*direct=*/false, "ab");
  Request* write = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "x");
  struct Context {
    Queue* queue;
    Request* read;
  } context = {&q.queue, Prepare(&q.queue, Op::kRead, file.fd(), 0, 1)};
  Request* handled = Prepare(&q.queue, Op::kNoOp);
  handled->user_data = &context;
  handled->handler = [](Request* r) noexcept {
    auto* c = static_cast<Context*>(r->user_data);
    c->queue->Cancel(c->read);
  };
  q.queue.Submit(handled);
  q.held->Finish(handled);
  q.queue.SubmitAndWait(context.read);
  EXPECT_EQ(context.read->result, -ECANCELED);
  EXPECT_EQ(Finish(&q.queue, write), 1);
}

}  // namespace
}  // namespace uasio
