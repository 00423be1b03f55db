// The contract: "Three kinds of error": each broken rule ends the program with
// a message that names the rule.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class QueueDeathTest : public testing::Test {
 protected:
  QueueDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void MakeQueue(const QueueOptions& options) { Queue queue(options); }

TEST_F(QueueDeathTest, NoBoundMayBeZero) {
  QueueOptions options;
  options.buffer_bytes = 0;
  EXPECT_DEATH(MakeQueue(options), "Queue: buffer_bytes must not be 0");
  options = {};
  options.requests_max = 0;
  EXPECT_DEATH(MakeQueue(options), "Queue: requests_max must not be 0");
  options = {};
  options.depth_max = 0;
  EXPECT_DEATH(MakeQueue(options), "Queue: depth_max must not be 0");
  options = {};
  options.writebacks_max = 0;
  EXPECT_DEATH(MakeQueue(options), "Queue: writebacks_max must not be 0");
}

TEST_F(QueueDeathTest, ABackendWithoutAnFdForItsEventfd) {
  EXPECT_DEATH(
      {
        std::unique_ptr<Backend> backend = std::make_unique<ManualBackend>();
        backend->name();  // UBSan needs fds when it first meets a type.
        const FdLimit none(0);
        Queue queue({}, std::move(backend));
      },
      "Queue: there is no fd left .*use Queue::Create\\(\\)");
}

TEST_F(QueueDeathTest, SubmittingTwice) {
  ManualQueue q;
  Request* r = Submit(&q.queue, Op::kNoOp);
  EXPECT_DEATH(q.queue.Submit(r), "Submit: .*was it submitted or put before");
  Request* twice[2] = {Prepare(&q.queue, Op::kNoOp)};
  twice[1] = twice[0];
  EXPECT_DEATH(q.queue.Submit(twice),
               "Submit: .*was it submitted or put before");
}

TEST_F(QueueDeathTest, SubmittingAfterPut) {
  ManualQueue q;
  Request* r = Prepare(&q.queue, Op::kNoOp);
  q.queue.Put(r);
  EXPECT_DEATH(q.queue.Submit(r), "Submit: the request is not the caller's");
}

TEST_F(QueueDeathTest, PuttingARunningRequest) {
  ManualQueue q;
  Request* r = Submit(&q.queue, Op::kNoOp);
  EXPECT_DEATH(q.queue.Put(r), "Put: .*still in flight");
  q.held->Finish(r);
  EXPECT_DEATH(q.queue.Put(r),
               "Put: .*still in flight");  // Not yet waited for.
}

TEST_F(QueueDeathTest, PuttingTwice) {
  ManualQueue q;
  Request* r = q.queue.Get();
  q.queue.Put(r);
  EXPECT_DEATH(q.queue.Put(r), "Put: .*was put before");
}

TEST_F(QueueDeathTest, ANullRequest) {
  ManualQueue q;
  Request* none = nullptr;
  EXPECT_DEATH(q.queue.Put(none), "there is no request");
  EXPECT_DEATH(q.queue.Submit(none), "there is no request");
  EXPECT_DEATH(q.queue.Cancel(none), "there is no request");
}

TEST_F(QueueDeathTest, AnotherQueuesRequest) {
  ManualQueue q, other;
  Request* r = Submit(&other.queue, Op::kNoOp);
  Request* owned = Prepare(&other.queue, Op::kNoOp);
  EXPECT_DEATH(q.queue.Submit(owned), "the request is not of this queue's Get");
  EXPECT_DEATH(q.queue.Put(owned), "the request is not of this queue's Get");
  EXPECT_DEATH(q.queue.Cancel(r), "the request is not of this queue's Get");
}

TEST_F(QueueDeathTest, AnotherThread) {
  const char* const rule = "only the thread that created the queue may use it";
  ManualQueue q;
  const auto elsewhere = [](auto call) { std::thread(call).join(); };
  EXPECT_DEATH(elsewhere([&] { (void)q.queue.Get(); }), rule);
  EXPECT_DEATH(elsewhere([&] { (void)q.queue.Wait(); }), rule);
  EXPECT_DEATH(elsewhere([&] { q.queue.Submit(nullptr); }), rule);
  EXPECT_DEATH(elsewhere([&] { q.queue.Sync().IgnoreError(); }), rule);
  EXPECT_DEATH(elsewhere([&] { q.queue.event_fd().IgnoreError(); }), rule);
  EXPECT_DEATH(elsewhere([&] { q.queue.Forget(0).IgnoreError(); }), rule);
  EXPECT_DEATH(elsewhere([&] { q.queue.ClearErrors(0); }), rule);
  EXPECT_DEATH(elsewhere([queue = new Queue] { delete queue; }), rule);
}

// Makes the call in a forked child, and aborts if the child was killed.
template <typename Call>
void InAChild(Call call) {
  const pid_t child = fork();
  if (child == 0) {
    call();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) abort();
}

TEST_F(QueueDeathTest, AForkedChild) {
  const char* const rule = "a forked child must not use its parent's queue";
  EXPECT_DEATH(
      {
        Queue queue;
        Finish(&queue, Submit(&queue, Op::kNoOp));
        InAChild([&] { (void)queue.Get(); });
      },
      rule);
  EXPECT_DEATH(
      {
        Queue queue;
        queue.EnableNotify().IgnoreError();
        InAChild([&] { queue.Notify(); });
      },
      rule);
}

TEST(QueueForkTest, AForkedChildMayMakeItsOwnQueue) {
  if (kThreadSanitized) GTEST_SKIP() << "TSan: no threads in a forked child";
  Queue parents;
  EXPECT_EQ(Finish(&parents, Submit(&parents, Op::kNoOp)), 0);
  const pid_t child = fork();
  if (child == 0) {
    Queue own;
    _exit(Finish(&own, Submit(&own, Op::kNoOp)) == 0 ? 7 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

// Makes the call from a handler.
void FromAHandler(void (*call)(Queue*)) {
  struct Context {
    ManualQueue q;
    void (*call)(Queue*);
  } context;
  context.call = call;
  Request* r = Prepare(&context.q.queue, Op::kNoOp);
  r->user_data = &context;
  r->handler = [](Request* r) noexcept {
    auto* context = static_cast<Context*>(r->user_data);
    context->call(&context->q.queue);
  };
  context.q.queue.Submit(r);
  context.q.queue.Sync().IgnoreError();
}

TEST_F(QueueDeathTest, WaitingInAHandler) {
  const char* const rule = "a handler must not wait for results";
  EXPECT_DEATH(FromAHandler([](Queue* q) { (void)q->Wait(); }), rule);
  EXPECT_DEATH(FromAHandler([](Queue* q) { (void)q->TryWait(); }), rule);
  EXPECT_DEATH(
      FromAHandler([](Queue* q) { (void)q->WaitUntil(TestDeadline()); }), rule);
  EXPECT_DEATH(
      FromAHandler([](Queue* q) { (void)q->WaitFor(absl::Seconds(30)); }),
      rule);
  EXPECT_DEATH(FromAHandler([](Queue* q) {
                 Request* out[1];
                 (void)q->WaitMany(absl::MakeSpan(out));
               }),
               rule);
  EXPECT_DEATH(FromAHandler([](Queue* q) { q->Wait(q->Get()); }), rule);
  EXPECT_DEATH(FromAHandler([](Queue* q) { q->SubmitAndWait(q->Get()); }),
               rule);
  EXPECT_DEATH(FromAHandler([](Queue* q) {
                 File file;
                 q->SyncAndClose(&file).IgnoreError();
               }),
               rule);
  EXPECT_DEATH(FromAHandler([](Queue* q) { q->RunHandlers(); }), rule);
  EXPECT_DEATH(FromAHandler([](Queue* q) { q->Sync().IgnoreError(); }), rule);
}

TEST_F(QueueDeathTest, WaitingForARequestThatDoesNotComeBack) {
  ManualQueue q;
  Request* r = Prepare(&q.queue, Op::kNoOp);
  EXPECT_DEATH(q.queue.Wait(nullptr), "Wait: there is no request");
  EXPECT_DEATH(q.queue.Wait(r), "Wait: the request is not submitted");
  Queue other;
  EXPECT_DEATH(other.Wait(r), "not of this queue's Get");
  Request* back = SubmitWrite(&q.queue, Op::kWriteBack, -1, 0, "x");
  EXPECT_DEATH(q.queue.Wait(back), "Wait: a write-back never comes back");
  r->handler = [](Request*) noexcept {};
  q.queue.Submit(r);
  EXPECT_DEATH((void)q.queue.WaitFor(r, absl::ZeroDuration()),
               "Wait: the request goes to its handler");
}

TEST_F(QueueDeathTest, SubmittingAndWaitingForWhatDoesNotComeBack) {
  ManualQueue q;
  Request* r = Prepare(&q.queue, Op::kWriteBack);
  EXPECT_DEATH(q.queue.SubmitAndWait(r), "a write-back never comes back");
  r->op = Op::kNoOp;
  r->handler = [](Request*) noexcept {};
  EXPECT_DEATH(q.queue.SubmitAndWait(r), "would go to its handler");
  r->handler = nullptr;
  Request* twice[] = {r, r};
  EXPECT_DEATH(q.queue.SubmitAndWait(twice),
               "SubmitAndWait: the request is not the caller's");
}

TEST_F(QueueDeathTest, AMinThatDoesNotFit) {
  Queue queue;
  Request* out[1];
  EXPECT_DEATH(
      (void)queue.WaitMany(absl::MakeSpan(out), 2, absl::ZeroDuration()),
      "min does not fit into the span");
}

TEST_F(QueueDeathTest, NotifyWithoutEnableNotify) {
  Queue queue;
  EXPECT_DEATH(queue.Notify(), "the owner must call EnableNotify");
}

TEST_F(QueueDeathTest, AWriteBackWithAHandler) {
  ManualQueue q;
  Request* r = Prepare(&q.queue, Op::kWriteBack);
  r->handler = [](Request*) noexcept {};
  EXPECT_DEATH(q.queue.Submit(r), "a write-back has no handler");
}

TEST_F(QueueDeathTest, ALengthBeyondTheBuffer) {
  ManualQueue q;
  const size_t bytes = q.queue.options().buffer_bytes;
  Request* r = Prepare(&q.queue, Op::kRead, 0, 0, bytes + 1);
  EXPECT_DEATH(q.queue.Submit(r), "length exceeds the queue's buffer_bytes");
  r->buffer += 1;
  r->length = bytes;
  EXPECT_DEATH(q.queue.Submit(r), "length exceeds the queue's buffer_bytes");
}

TEST_F(QueueDeathTest, AnUnknownOp) {
  ManualQueue q;
  Request* r = Prepare(&q.queue, static_cast<Op>(100));
  EXPECT_DEATH(q.queue.Submit(r), "Submit: there is no such op");
}

TEST_F(QueueDeathTest, AVectoredOpWithoutIovecs) {
  ManualQueue q;
  Request* r = Prepare(&q.queue, Op::kReadv);
  r->iovec_count = 1;
  EXPECT_DEATH(q.queue.Submit(r), "Submit: readv or writev without iovecs");
}

TEST_F(QueueDeathTest, CancellingBeforeSubmit) {
  ManualQueue q;
  Request* r = Prepare(&q.queue, Op::kNoOp);
  EXPECT_DEATH(q.queue.Cancel(r), "Cancel: the request is not submitted");
}

TEST_F(QueueDeathTest, CancellingAWriteBack) {
  ManualQueue q;
  const ScratchFile file;
  Request* w = SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
  EXPECT_DEATH(q.queue.Cancel(w), "Cancel: a submitted write-back is not");
}

TEST_F(QueueDeathTest, ForgettingAnFdWithRequestsInFlight) {
  const ScratchFile file;
  File adopted = File::Adopt(dup(file.fd()), "dup");
  ManualQueue q;
  SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
  EXPECT_DEATH(q.queue.Forget(file.fd()).IgnoreError(),
               "Forget: requests are in flight on the fd; Sync\\(\\) first");
  SubmitWrite(&q.queue, Op::kWriteBack, adopted.fd(), 0, "x");
  EXPECT_DEATH(q.queue.Close(&adopted).IgnoreError(), "Forget: requests are");
}

TEST_F(QueueDeathTest, SubmittingWhileTheQueueIsBeingDestroyed) {
  EXPECT_DEATH(
      {
        auto queue = std::make_unique<Queue>();
        Request* r = Prepare(queue.get(), Op::kNoOp);
        r->user_data = queue.get();
        r->handler = [](Request* r) noexcept {
          static_cast<Queue*>(r->user_data)->Submit(r);
        };
        queue->Submit(r);
        queue = nullptr;
      },
      "Submit: the queue is being destroyed");
}

TEST_F(QueueDeathTest, ABackendThatReportsARequestTwice) {
  EXPECT_DEATH(
      {
        ManualQueue q;
        Request* r = Submit(&q.queue, Op::kNoOp);
        Submit(&q.queue, Op::kNoOp);
        q.held->Finish(r);
        q.held->running.push_back(r);
        q.held->Finish(r);
        (void)q.queue.Wait();
      },
      "Backend: Reap\\(\\) gave a request that is not in flight");
}

}  // namespace
}  // namespace uasio
