// The contract: "Handlers".

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

// Sets any function as a request's handler.
using Function = std::function<void(Request*)>;
void Handle(Request* r, Function* function) {
  r->user_data = function;
  r->handler = [](Request* r) noexcept {
    (*static_cast<Function*>(r->user_data))(r);
  };
}

class HandlersTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(HandlersTest);

TEST_P(HandlersTest, RunInsideWaitingCallsAndWaitDoesNotReturnTheirRequests) {
  const auto queue = MakeQueue();
  int calls = 0;
  Function count = [&](Request* r) {
    ++calls;
    EXPECT_EQ(r->result, 0);
    queue->Put(r);
  };
  for (int i = 0; i < 10; ++i) {
    Request* r = Prepare(queue.get(), Op::kNoOp);
    Handle(r, &count);
    queue->Submit(r);
    EXPECT_EQ(calls, 0);  // Never inside Submit().
  }
  Request* plain = Submit(queue.get(), Op::kNoOp);
  EXPECT_EQ(Finish(queue.get(), plain), 0);
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(calls, 10);
}

TEST_P(HandlersTest, NeitherGetNorPutNorCancelRunsThem) {
  const auto queue = MakeQueue();
  int calls = 0;
  Function count = [&](Request*) { ++calls; };
  Request* r = Prepare(queue.get(), Op::kNoOp);
  Handle(r, &count);
  queue->Submit(r);
  queue->Cancel(r);
  while (Request* other = queue->Get()) other->op = Op::kNoOp;
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(queue->Wait(), nullptr);
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(calls, 1);
}

// Each handler submits its request again.  depth_max is 1 with two requests, so
// each Submit() reaps; with a backend that performs at submit, the request has
// finished before the handler returns.
TEST_P(HandlersTest, ChainsOfAHundredThousandDoNotRecurse) {
  QueueOptions options;
  options.depth_max = 1;
  const auto queue = MakeQueue(options);
  constexpr int kLinks = 100000;
  constexpr uintptr_t kStackBytesMax = 64 << 10;
  int links = 0;
  uintptr_t lowest = UINTPTR_MAX, highest = 0;
  Function next = [&](Request* r) {
    const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    lowest = std::min(lowest, here);
    highest = std::max(highest, here);
    ++links < kLinks ? queue->Submit(r) : queue->Put(r);
  };
  for (int i = 0; i < 2; ++i) {
    Request* r = Prepare(queue.get(), Op::kNoOp);
    Handle(r, &next);
    queue->Submit(r);
  }
  while (queue->in_flight() > 0) ASSERT_TRUE(queue->Sync().ok());
  EXPECT_EQ(links, kLinks + 1);
  EXPECT_LT(highest - lowest, kStackBytesMax);
}

// The handler of `first` makes the handler of `second` due, by calls that reap.
// `plain` runs until the handler of `second` finishes it.  The test fails if
// the queue blocks in Reap() while a handler is due.
struct DueInsideAHandler {
  DueInsideAHandler() {
    queue.held->when_awaited = [this] {
      ADD_FAILURE() << "Reap() would block, although a handler is due";
      queue.held->FinishAll();
    };
    plain = Submit(&queue.queue, Op::kNoOp);
    Request* first = Prepare(&queue.queue, Op::kNoOp);
    Handle(first, &on_first);
    second = Prepare(&queue.queue, Op::kNoOp);
    Handle(second, &on_second);
    queue.queue.Submit(first);
    queue.queue.Submit(second);
    queue.held->Finish(first);
  }

  ManualQueue queue;
  Request* plain;
  Request* second;
  int calls = 0;
  Function on_first = [this](Request* r) {
    queue.held->Finish(second);
    queue.queue.Put(r);
    queue.queue.Put(queue.queue.Get());
    while (queue.queue.Get() != nullptr) {  // Reaps before it returns nullptr.
    }
  };
  Function on_second = [this](Request* r) {
    ++calls;
    queue.held->FinishAll();
    queue.queue.Put(r);
  };
};

TEST(DueInsideAHandlerTest, WaitRunsItBeforeItWaits) {
  DueInsideAHandler due;
  EXPECT_EQ(due.queue.queue.Wait(), due.plain);
  EXPECT_EQ(due.calls, 1);
}

TEST(DueInsideAHandlerTest, SyncRunsItBeforeItWaitsOrReturns) {
  DueInsideAHandler due;
  EXPECT_TRUE(due.queue.queue.Sync().ok());
  EXPECT_EQ(due.calls, 1);
}

TEST(DueInsideAHandlerTest, TheDestructorRunsItBeforeItWaits) {
  int calls = 0;
  {
    DueInsideAHandler due;
    due.on_second = [&](Request*) {
      ++calls;
      due.queue.held->FinishAll();
    };
  }
  EXPECT_EQ(calls, 1);
}

TEST(DueInsideAHandlerTest, SyncRunsTheHandlersOfOlderRequestsBeforeItReturns) {
  DueInsideAHandler due;
  due.queue.held->Finish(due.plain);
  EXPECT_TRUE(due.queue.queue.Sync().ok());
  EXPECT_EQ(due.calls, 1);
}

TEST_P(HandlersTest, WaitReturnsARequestThatAHandlerSubmitted) {
  const auto queue = MakeQueue();
  Request* second = Prepare(queue.get(), Op::kNoOp);
  Function submit = [&](Request* r) {
    queue->Put(r);
    queue->Submit(second);
  };
  Request* first = Prepare(queue.get(), Op::kNoOp);
  Handle(first, &submit);
  queue->Submit(first);
  const absl::Time deadline = TestDeadline();
  Request* back;
  while ((back = queue->Wait()) == nullptr) ASSERT_LT(absl::Now(), deadline);
  EXPECT_EQ(back, second);
}

// Each stream copies a file by handlers only, beside explicit requests.
TEST_P(HandlersTest, ManyStreamsShareAQueueWithExplicitRequests) {
  const auto queue = MakeQueue();
  struct Stream {
    ScratchFile from{std::string(20000, 'a')}, to;
    int64_t offset = 0;
    Function step;
  };
  std::vector<Stream> streams(8);
  for (Stream& s : streams) {
    s.step = [&s, q = queue.get()](Request* r) {
      if (r->op == Op::kRead && r->result > 0) {
        r->op = Op::kWrite, r->fd = s.to.fd();
        r->length = static_cast<size_t>(r->result);
        return q->Submit(r);
      }
      if (r->op == Op::kRead) return q->Put(r);
      s.offset += r->result;
      r->op = Op::kRead, r->fd = s.from.fd();
      r->offset = s.offset, r->length = 1000;
      q->Submit(r);
    };
    Request* r = Prepare(queue.get(), Op::kRead, s.from.fd(), 0, 1000);
    Handle(r, &s.step);
    queue->Submit(r);
  }
  Request* mine = Prepare(queue.get(), Op::kNoOp);
  size_t returned = 0;
  while (queue->in_flight() > 0) {
    queue->Submit(mine);
    while (Request* r = queue->Wait()) returned += r == mine;
  }
  queue->Put(mine);
  EXPECT_GT(returned, 1u);
  for (Stream& s : streams) EXPECT_EQ(s.to.Contents(), s.from.Contents());
}

TEST_P(HandlersTest, RunHandlersLeavesOtherResultsToWait) {
  const auto queue = MakeQueue();
  Request* plain = Submit(queue.get(), Op::kNoOp);
  int calls = 0;
  Function count = [&](Request* r) {
    ++calls;
    queue->Put(r);
  };
  for (int i = 0; i < 3; ++i) {
    Request* r = Prepare(queue.get(), Op::kNoOp);
    Handle(r, &count);
    queue->Submit(r);
  }
  while (calls < 3) ASSERT_TRUE(queue->RunHandlers(TestDeadline()));
  EXPECT_FALSE(queue->RunHandlers());  // It does not wait: no handler is left.
  EXPECT_EQ(Finish(queue.get(), plain), 0);
}

TEST_P(HandlersTest, TheDestructorRunsDueHandlers) {
  int calls = 0;
  Function count = [&](Request*) { ++calls; };
  {
    const auto queue = MakeQueue();
    for (int i = 0; i < 10; ++i) {
      Request* r = Prepare(queue.get(), Op::kNoOp);
      Handle(r, &count);
      queue->Submit(r);
    }
  }
  EXPECT_EQ(calls, 10);
}

TEST(HandlersOrderTest, AHandlerMayCancelAndGetsCancelledRequests) {
  ManualQueue q;
  int64_t result = 0;
  Function note = [&](Request* r) { result = r->result; };
  Request* victim = Prepare(&q.queue, Op::kNoOp);
  Handle(victim, &note);
  q.queue.Submit(victim);
  Function cancel = [&](Request*) { q.queue.Cancel(victim); };
  Request* killer = Prepare(&q.queue, Op::kNoOp);
  Handle(killer, &cancel);
  q.queue.Submit(killer);
  q.held->Finish(killer);
  EXPECT_TRUE(q.queue.Sync().ok());
  EXPECT_EQ(result, -ECANCELED);
}

TEST(HandlersOrderTest, RunHandlersGivesUpAtItsDeadline) {
  Queue queue;
  const Pipe pipe;
  int64_t result = 0;
  Function note = [&](Request* r) { result = r->result; };
  Request* r =
      Prepare(&queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  Handle(r, &note);
  queue.Submit(r);
  EXPECT_FALSE(queue.RunHandlers(absl::InfinitePast()));
  EXPECT_FALSE(queue.RunHandlers(absl::Now() + absl::Milliseconds(1)));
  EXPECT_EQ(result, 0);
  pipe.Put("x");
  EXPECT_TRUE(queue.RunHandlers());
  EXPECT_EQ(result, 1);
}

TEST(HandlersOrderTest, WaitReturnsNullptrWhenOnlyHandlersAreInFlight) {
  Function nothing = [](Request*) {};  // ~ManualQueue() calls it.
  ManualQueue q;
  Request* r = Prepare(&q.queue, Op::kNoOp);
  Handle(r, &nothing);
  q.queue.Submit(r);
  EXPECT_EQ(q.queue.Wait(), nullptr);
  EXPECT_EQ(q.held->awaited, 0u);
}

}  // namespace
}  // namespace uasio
