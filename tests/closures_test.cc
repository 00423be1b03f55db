// The contract: "Handlers": member functions and closures.

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "asio/lease.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class ClosuresTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(ClosuresTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(ClosuresTest);

struct BaseSession {
  void OnRead(Request* request) {
    const Lease done(request);
    bytes = BytesOf(*done);
  }
  std::string bytes;
};
struct Session : BaseSession {
  virtual ~Session() = default;
};

TEST_P(ClosuresTest, AMemberFunctionIsTheHandler) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  Session session;
  queue->Submit(queue->Get()
                    ->Read(file.file(), 0, block())
                    ->SetHandler<&Session::OnRead>(&session));
  EXPECT_EQ(queue->WaitUntil(TestDeadline()), nullptr);
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(session.bytes, Blocks("a"));
}

TEST_P(ClosuresTest, AClosureIsCalledOnceAndThenDestroyed) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  int calls = 0;
  std::string bytes;
  auto alive = std::make_unique<int>();  // Move-only.
  const std::shared_ptr<int> shared = std::make_shared<int>();
  Request* r = queue->Get()->Read(file.file(), 0, block());
  queue->Submit(r, [&, alive = std::move(alive), shared](Request* request) {
    EXPECT_EQ(shared.use_count(), 2);
    ++calls;
    bytes = BytesOf(*request);
    queue->Put(request);
  });
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(bytes, Blocks("a"));
  EXPECT_EQ(shared.use_count(), 1);
}

TEST_P(ClosuresTest, AClosureMaySubmitItsRequestAgain) {
  const auto queue = MakeQueue();
  std::string calls;
  queue->Submit(queue->Get()->NoOp(), [&](Request* r) {
    calls += 'a';
    queue->Submit(r, [&](Request* again) {
      calls += 'b';
      queue->Submit(again);  // Without a closure.
    });
  });
  while (calls.size() < 2) ASSERT_TRUE(queue->Sync().ok());
  const Lease last(queue->WaitUntil(TestDeadline()));
  EXPECT_TRUE(last);
  EXPECT_EQ(calls, "ab");
}

TEST_P(ClosuresTest, TheDestructorRunsThem) {
  int calls = 0;
  {
    const auto queue = MakeQueue();
    for (int i = 0; i < 10; ++i) {
      queue->Submit(queue->Get()->NoOp(), [&](Request*) { ++calls; });
    }
  }
  EXPECT_EQ(calls, 10);
}

TEST(ClosureTest, ACancelledRequestRunsItsClosure) {
  ManualQueue q;
  int64_t result = 0;
  Request* r = q.queue.Get()->NoOp();
  q.queue.Submit(r, [&](Request* request) { result = request->result; });
  q.queue.Cancel(r);
  EXPECT_TRUE(q.queue.Sync().ok());
  EXPECT_EQ(result, -ECANCELED);
}

TEST_P(ClosuresTest, AHandlerMayUseStreamsOfAnotherQueue) {
  const auto queue = MakeQueue();
  const auto other = MakeQueue();
  const ScratchFile file(std::string(200000, 'x') + "\nlast line");
  int lines = 0;
  std::string last;
  queue->Submit(queue->Get()->NoOp(), [&](Request* r) {
    const Lease done(r);
    ReaderOptions options;
    options.queue = other.get();
    auto reader = Reader::Open(file.path(), options);
    ASSERT_TRUE(reader.ok()) << reader.status();
    for (absl::string_view line; reader->ReadLine(&line, 1 << 20); ++lines) {
      last = std::string(line);
    }
    EXPECT_TRUE(reader->Close().ok());
  });
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(lines, 2);
  EXPECT_EQ(last, "last line");
}

class ClosureDeathTest : public testing::Test {
 protected:
  ClosureDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(ClosureDeathTest, WaitingOnItsOwnQueue) {
  const char* const rule = "a handler must not wait for results";
  EXPECT_DEATH(
      {
        Queue own;
        own.Submit(own.Get()->NoOp(), [&](Request*) { (void)own.Wait(); });
        own.Sync().IgnoreError();
      },
      rule);
  EXPECT_DEATH(  // Also inside the handler of another queue.
      {
        Queue own;
        own.Submit(own.Get()->NoOp(), [&](Request*) {
          Queue other;
          other.Submit(other.Get()->NoOp(),
                       [&](Request*) { (void)own.Wait(); });
          other.Sync().IgnoreError();
        });
        own.Sync().IgnoreError();
      },
      rule);
}

TEST_F(ClosureDeathTest, Misuse) {
  Queue queue;
  Request* r = queue.Get()->NoOp();
  EXPECT_DEATH(queue.Submit(r, nullptr), "Submit: the closure is empty");
  EXPECT_DEATH(queue.Submit(nullptr, [](Request*) {}), "there is no request");
  r->handler = [](Request*) noexcept {};
  EXPECT_DEATH(queue.Submit(r, [](Request*) {}),
               "a request has a handler or a closure, not both");
  r->handler = nullptr;
  r->WriteBack(0, 0, 1);
  EXPECT_DEATH(queue.Submit(r, [](Request*) {}), "a write-back has no handler");
}

}  // namespace
}  // namespace uasio
