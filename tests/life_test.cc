// The contract: "Request", "Ops" and "Life of a request".

#include <sys/uio.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "asio/buffer.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class LifeTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(LifeTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(LifeTest);

void ExpectEmpty(const Request& r) {
  EXPECT_EQ(r.op, Op::kRead);
  EXPECT_EQ(r.fd, -1);
  EXPECT_EQ(r.offset, 0);
  EXPECT_EQ(r.length, 0u);
  EXPECT_EQ(r.iovecs, nullptr);
  EXPECT_EQ(r.iovec_count, 0);
  EXPECT_EQ(r.priority, 0u);
  EXPECT_EQ(r.user_data, nullptr);
  EXPECT_EQ(r.handler, nullptr);
  EXPECT_EQ(r.result, 0);
}

TEST_P(LifeTest, GetLendsAnEmptyRequestEachTime) {
  QueueOptions options;
  options.requests_max = 1;
  const auto queue = MakeQueue(options);
  char lent[1];
  for (int i = 0; i < 3; ++i) {
    Request* r = queue->Get();
    ExpectEmpty(*r);
    char* const own = r->buffer;
    r->op = Op::kNoOp, r->fd = 7, r->offset = 3, r->length = 1, r->priority = 2;
    r->buffer = lent, r->user_data = lent;
    queue->Submit(r);
    ASSERT_EQ(queue->Wait(), r);
    queue->Put(r);
    r = queue->Get();
    EXPECT_EQ(r->buffer, own);
    queue->Put(r);
  }
}

TEST_P(LifeTest, EachRequestHasAnAlignedBufferOfItsOwn) {
  QueueOptions options;
  options.buffer_bytes = 5000;
  options.requests_max = 300;
  const auto queue = MakeQueue(options);
  std::vector<Request*> requests;
  for (size_t i = 0; i < options.requests_max; ++i) {
    Request* r = queue->Get();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(r->buffer) % kBufferAlignment, 0u);
    std::memset(r->buffer, static_cast<int>(i % 251), options.buffer_bytes);
    requests.push_back(r);
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    const std::string expected(options.buffer_bytes,
                               static_cast<char>(i % 251));
    EXPECT_EQ(std::string(requests[i]->buffer, options.buffer_bytes), expected);
    queue->Put(requests[i]);
  }
}

TEST_P(LifeTest, EverySubmittedRequestComesBackExactlyOnce) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    std::set<Request*> out;
    while (Request* r = queue->Get()) {
      r->op = round % 2 == 0 ? Op::kNoOp : Op::kRead;
      r->fd = file.fd(), r->length = block();
      queue->Submit(r);
      out.insert(r);
    }
    EXPECT_EQ(out.size(), queue->options().requests_max);
    while (Request* r = queue->WaitUntil(TestDeadline())) {
      EXPECT_EQ(out.erase(r), 1u);
      queue->Put(r);
    }
    EXPECT_TRUE(out.empty());
    EXPECT_EQ(queue->in_flight(), 0u);
  }
}

TEST_P(LifeTest, AReturnedRequestCanBeSubmittedAgain) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("a");
  Request* r = Prepare(queue.get(), Op::kRead, file.fd(), 0, block());
  for (int i = 0; i < 100; ++i) {
    queue->Submit(r);
    ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
    EXPECT_EQ(TextOf(BytesOf(*r)), "a");
  }
  queue->Put(r);
}

TEST_P(LifeTest, AWriteBackGoesFromDoneToIdleByItself) {
  QueueOptions options;
  options.requests_max = 1;
  const auto queue = MakeQueue(options);
  const BlockFile file = MakeFile("ooo");
  Request* r =
      SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), 0, Blocks("abc"));
  EXPECT_EQ(queue->Wait(), nullptr);
  EXPECT_TRUE(queue->Sync().ok());
  EXPECT_EQ(queue->Get(), r);
  EXPECT_EQ(file.Text(), "abc");
}

TEST_P(LifeTest, WriteAndReadTransferAtTheirOffsets) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("0123456789");
  Request* w =
      SubmitWrite(queue.get(), Op::kWrite, file.fd(), At(2), Blocks("ab"));
  EXPECT_EQ(Finish(queue.get(), w), At(2));
  EXPECT_EQ(file.Text(), "01ab456789");
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), At(1), 4 * block());
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(TextOf(BytesOf(*r)), "1ab4");
  EXPECT_TRUE(r->status().ok());
  EXPECT_EQ(r->transferred, 4 * block());
}

TEST_P(LifeTest, ReadvAndWritevTransferAllTheirIovecs) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("0123456789");
  Request* w = Prepare(queue.get(), Op::kWritev, file.fd(), At(1));
  char* const a = w->buffer;          // Three blocks.
  char* const b = w->buffer + At(3);  // Two blocks.
  const std::string bytes = Blocks("abcde");
  std::memcpy(w->buffer, bytes.data(), bytes.size());
  const iovec iovecs[] = {{a, 3 * block()}, {b, 0}, {b, 2 * block()}};
  w->iovecs = iovecs, w->iovec_count = 3;
  queue->Submit(w);
  EXPECT_EQ(w->length, 5 * block());
  EXPECT_EQ(Finish(queue.get(), w), At(5));
  EXPECT_EQ(file.Text(), "0abcde6789");
  Request* r = Prepare(queue.get(), Op::kReadv, file.fd(), At(3));
  r->iovecs = iovecs, r->iovec_count = 3;
  queue->Submit(r);
  EXPECT_EQ(Finish(queue.get(), r), At(5));
  EXPECT_EQ(TextOf(std::string(a, bytes.size())), "cde67");
}

TEST_P(LifeTest, SyncsAndNoOpsReturnZero) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("x");
  for (const Op op : {Op::kFsync, Op::kFdatasync}) {
    EXPECT_EQ(Finish(queue.get(), Submit(queue.get(), op, file.fd())), 0);
  }
  EXPECT_EQ(Finish(queue.get(), Submit(queue.get(), Op::kNoOp)), 0);
}

TEST_P(LifeTest, ALentBufferReplacesTheQueuesBuffer) {
  QueueOptions options;
  options.buffer_bytes = 4;
  const auto queue = MakeQueue(options);
  const BlockFile file = MakeFile("0123456789");
  const size_t length = 10 * block();
  const Buffer lent = Buffer::Allocate(length);
  Request* r = Prepare(queue.get(), Op::kRead, file.fd(), 0, length);
  r->buffer = lent.data();
  queue->Submit(r);
  EXPECT_EQ(Finish(queue.get(), r), At(10));
  EXPECT_EQ(TextOf(std::string(lent.data(), length)), "0123456789");
}

TEST_P(LifeTest, AtTheFilePositionItReadsAndAdvancesAsRead2Does) {
  const auto queue = MakeQueue();
  const ScratchFile file("0123456789");
  lseek(file.fd(), 3, SEEK_SET);
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), kFilePosition, 4);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), "3456");
  queue->Put(r);
  EXPECT_EQ(lseek(file.fd(), 0, SEEK_CUR), 7);
  Request* w =
      SubmitWrite(queue.get(), Op::kWrite, file.fd(), kFilePosition, "ab");
  EXPECT_EQ(Finish(queue.get(), w), 2);
  EXPECT_EQ(file.Contents(), "0123456ab9");
}

TEST_P(LifeTest, UserDataComesBackUntouched) {
  const auto queue = MakeQueue();
  int mine = 0;
  Request* r = Prepare(queue.get(), Op::kNoOp);
  r->user_data = &mine;
  queue->Submit(r);
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(r->user_data, &mine);
}

}  // namespace
}  // namespace uasio
