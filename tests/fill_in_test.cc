// The contract: "Request": it is filled in by one call, and knows its queue.

#include <sys/uio.h>

#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/requests.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class FillInTest : public BackendTest {
 protected:
  // Submits it, waits for it, and returns its result.
  int64_t Do(Request* r) {
    r->queue->Submit(r);
    return Finish(r->queue, r);
  }
  int64_t Result(size_t blocks) const {
    return static_cast<int64_t>(blocks * block());
  }
};
UASIO_INSTANTIATE_BACKENDS(FillInTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(FillInTest);

TEST_P(FillInTest, GetTellsTheRequestItsQueue) {
  const auto queue = MakeQueue();
  const auto other = MakeQueue();
  Request* r = queue->Get();
  EXPECT_EQ(r->queue, queue.get());
  EXPECT_EQ(other->Get()->queue, other.get());
  EXPECT_EQ(r->queue_buffer, r->buffer);
  EXPECT_EQ(Do(r->NoOp()), 0);
}

TEST_P(FillInTest, TransfersUseTheQueuesBuffer) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("abcd");
  Request* r = queue->Get();
  std::memset(r->buffer, 'x', block());
  EXPECT_EQ(Do(r->Write(file.file(), At(1), block())), Result(1));
  r = queue->Get();
  std::memset(r->buffer, 'y', block());
  queue->Submit(r->WriteBack(file.file(), At(2), block()));
  EXPECT_TRUE(queue->Sync().ok());
  r = queue->Get();
  queue->Submit(r->Read(file.file(), 0, 4 * block()));
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(TextOf(BytesOf(*r)), "axyd");
  EXPECT_EQ(Do(r->Fsync(file.file())), 0);
  EXPECT_EQ(Do(queue->Get()->Fdatasync(file.fd())), 0);
}

TEST_P(FillInTest, TransfersUseMemoryThatTheCallerLends) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("abcd");
  const Buffer own = Buffer::Allocate(4 * block());
  const absl::Span<char> all(own.data(), 4 * block());
  std::memset(own.data(), 'x', block());
  const absl::string_view first(own.data(), block());
  EXPECT_EQ(Do(queue->Get()->Write(file.file(), At(1), first)), Result(1));
  const iovec iovec = {own.data(), block()};
  const auto one = absl::MakeConstSpan(&iovec, 1);
  EXPECT_EQ(Do(queue->Get()->Writev(file.file(), At(2), one)), Result(1));
  EXPECT_EQ(Do(queue->Get()->Read(file.file(), 0, all)), Result(4));
  EXPECT_EQ(TextOf(std::string(all.data(), all.size())), "axxd");
  EXPECT_EQ(Do(queue->Get()->Readv(file.file(), At(3), one)), Result(1));
  EXPECT_EQ(TextOf(std::string(all.data(), all.size())), "dxxd");
}

// A request that lent memory and iovecs before uses the queue's buffer again.
TEST_P(FillInTest, NothingIsLeftOfTheOperationBefore) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("abcd");
  const Buffer own = Buffer::Allocate(block());
  Request* r = queue->Get();
  queue->Submit(r->Read(file.file(), At(1), {own.data(), block()}));
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  queue->Submit(r->Read(file.file(), At(2), block()));
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(r->buffer, r->queue_buffer);
  EXPECT_EQ(TextOf(BytesOf(*r)), "c");
  EXPECT_EQ(TextOf(std::string(own.data(), block())), "b");
}

TEST_P(FillInTest, AnEmptyVectorTransfersNothing) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  queue->Submit(queue->Get()->Readv(file.file(), 0, {}));
  Request* r = queue->WaitUntil(TestDeadline());
  EXPECT_EQ(r->result, 0);
  queue->Submit(r->Read(file.file(), 0, block()));
  r = queue->WaitUntil(TestDeadline());
  EXPECT_EQ(r->result, static_cast<int64_t>(block()));
  queue->Put(r);
}

}  // namespace
}  // namespace uasio
