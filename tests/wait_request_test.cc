// The contract: waiting for a given request, and for several.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class WaitRequestTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(WaitRequestTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(WaitRequestTest);

TEST_P(WaitRequestTest, WaitReturnsThatRequestAndLeavesTheOthers) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("abcd");
  std::vector<Request*> reads;
  for (size_t i = 0; i < 4; ++i) {
    reads.push_back(Submit(queue.get(), Op::kRead, file.fd(), At(i), block()));
  }
  queue->Wait(reads[2]);
  EXPECT_EQ(TextOf(BytesOf(*reads[2])), "c");
  queue->Put(reads[2]);
  queue->Wait(reads[0]);
  EXPECT_EQ(TextOf(BytesOf(*reads[0])), "a");
  queue->Put(reads[0]);
  EXPECT_EQ(FinishAll(queue.get()), 2u);
}

TEST_P(WaitRequestTest, WaitRunsTheHandlersThatAreDue) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  int ran = 0;
  Request* handled = Prepare(queue.get(), Op::kWrite, file.fd(), 0, block());
  handled->user_data = &ran;
  handled->handler = [](Request* r) noexcept {
    ++*static_cast<int*>(r->user_data);
  };
  queue->Submit(handled);
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  queue->Wait(r);  // Held until `handled` has completed.
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(r->result, static_cast<int64_t>(block()));
}

TEST_P(WaitRequestTest, WaitForGivesUpAfterItsTimeoutAndTheRequestStays) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const Pipe pipe;
  const BlockFile file = MakeFile("a");
  Request* other = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(queue->WaitFor(r, absl::Milliseconds(20)));
  EXPECT_GE(std::chrono::steady_clock::now() - begin,
            std::chrono::milliseconds(20));
  EXPECT_FALSE(queue->WaitFor(r, absl::ZeroDuration()));
  pipe.Put("x");
  EXPECT_TRUE(queue->WaitFor(r, absl::InfiniteDuration()));
  EXPECT_EQ(r->result, 1);
  EXPECT_EQ(queue->Wait(), other);
}

TEST_P(WaitRequestTest, WaitManyReturnsAtLeastMin) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("abcdefgh");
  for (size_t i = 0; i < 8; ++i) {
    Submit(queue.get(), Op::kRead, file.fd(), At(i), block());
  }
  Request* out[8];
  const size_t count =
      queue->WaitMany(absl::MakeSpan(out), 5, absl::InfiniteDuration());
  EXPECT_GE(count, 5u);
  EXPECT_EQ(queue->WaitMany(absl::MakeSpan(out), 8, absl::InfiniteDuration()),
            8 - count);  // No more can come back.
}

TEST_P(WaitRequestTest, WaitManyReturnsFewerWhenTheTimeIsOver) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  const Pipe pipe;
  const BlockFile file = MakeFile("a");
  Request* read = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  queue->Wait(read);
  queue->Submit(read);
  Request* r =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  Request* out[2] = {};
  while (queue->WaitMany(absl::MakeSpan(out), 2, absl::Milliseconds(20)) == 0) {
  }
  EXPECT_EQ(out[0], read);
  EXPECT_EQ(queue->WaitMany(absl::MakeSpan(out), 0, absl::InfiniteDuration()),
            0u);
  pipe.Put("x");
  EXPECT_EQ(Finish(queue.get(), r), 1);
}

TEST(WaitRequestOrderTest, WaitWaitsForWhatHoldsTheRequest) {
  ManualQueue q;
  const BlockFile file(/*direct=*/false, "ab");
  SubmitWrite(&q.queue, Op::kWriteBack, file.fd(), 0, "x");
  Request* other = Submit(&q.queue, Op::kNoOp);
  Request* r = Submit(&q.queue, Op::kRead, file.fd(), 0, 1);
  q.queue.Wait(r);
  EXPECT_EQ(BytesOf(*r), "x");
  EXPECT_EQ(q.queue.Wait(), other);
}

TEST(WaitRequestOrderTest, WaitManyWithAMinOf0TakesWhatIsDone) {
  ManualQueue q;
  Request* done = Submit(&q.queue, Op::kNoOp);
  Request* running = Submit(&q.queue, Op::kNoOp);
  q.held->Finish(done);
  Request* out[2];
  EXPECT_EQ(q.queue.WaitMany(absl::MakeSpan(out), 0, absl::InfiniteDuration()),
            1u);
  EXPECT_EQ(out[0], done);
  EXPECT_EQ(q.queue.WaitMany(absl::MakeSpan(out), 0, absl::InfiniteDuration()),
            0u);
  EXPECT_EQ(q.held->awaited, 0u);
  q.queue.Wait(running);
}

}  // namespace
}  // namespace uasio
