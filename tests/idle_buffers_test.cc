// Idle buffers give their memory back, and work as before.

#include <sys/mman.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kBytes = 64 << 10;  // Of a buffer: the first is a slab.
constexpr size_t kRequests = 16;

bool HasMemory(const Request& r) {
  unsigned char resident[kBytes / kBufferAlignment] = {};
  EXPECT_EQ(mincore(r.buffer, kBytes, resident), 0);
  return (resident[0] & 1) != 0;
}

class IdleBuffersTest : public BackendTest {
 protected:
  std::unique_ptr<Queue> Make(absl::Duration age = absl::InfiniteDuration()) {
    QueueOptions options;
    options.buffer_bytes = kBytes;
    options.requests_max = kRequests;
    options.idle_buffers_age = age;
    return MakeQueue(options);
  }

  // All requests of the queue, in the order of their buffers, which have
  // memory.
  static std::vector<Request*> GetAll(Queue* queue) {
    std::vector<Request*> all;
    while (Request* r = queue->Get()) {
      std::memset(r->buffer, 'x', kBytes);
      all.push_back(r);
    }
    EXPECT_EQ(all.size(), kRequests);
    return all;
  }

  static void PutAll(Queue* queue, const std::vector<Request*>& all) {
    for (Request* r : all) queue->Put(r);
  }

  // Each request reads as before.
  void ExpectAllRead(Queue* queue, int fd) {
    const std::vector<Request*> all = GetAll(queue);
    for (Request* r : all) {
      r->fd = fd, r->length = block();
      queue->Submit(r);
    }
    for (size_t i = 0; i < kRequests; ++i) {
      Request* r = queue->WaitUntil(TestDeadline());
      ASSERT_NE(r, nullptr);
      EXPECT_EQ(TextOf(BytesOf(*r)), "a");
    }
    PutAll(queue, all);
  }
};
UASIO_INSTANTIATE_BACKENDS(IdleBuffersTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(IdleBuffersTest);

TEST_P(IdleBuffersTest, AreReleasedOnRequestAndLentAgain) {
  const BlockFile file = MakeFile("a");
  const auto queue = Make();
  EXPECT_EQ(queue->ReleaseIdleBuffers(), 0u);
  ExpectAllRead(queue.get(), file.fd());
  const std::vector<Request*> all = GetAll(queue.get());
  EXPECT_EQ(queue->ReleaseIdleBuffers(), 0u);
  for (const Request* r : all) EXPECT_TRUE(HasMemory(*r));
  PutAll(queue.get(), all);
  EXPECT_EQ(queue->ReleaseIdleBuffers(), kRequests * kBytes);
  for (const Request* r : all) EXPECT_FALSE(HasMemory(*r));
  EXPECT_EQ(queue->ReleaseIdleBuffers(), 0u);
  ExpectAllRead(queue.get(), file.fd());
  EXPECT_EQ(queue->ReleaseIdleBuffers(), kRequests * kBytes);
}

TEST_P(IdleBuffersTest, OfOneLentRequestStay) {
  const BlockFile file = MakeFile("a");
  const auto queue = Make();
  ExpectAllRead(queue.get(), file.fd());
  std::vector<Request*> all = GetAll(queue.get());
  Request* const lent = all.back();
  all.pop_back();
  PutAll(queue.get(), all);
  const size_t released = queue->ReleaseIdleBuffers();
  EXPECT_GT(released, 0u);
  EXPECT_LT(released, kRequests * kBytes);
  EXPECT_EQ(std::string(lent->buffer, kBytes), std::string(kBytes, 'x'));
  queue->Put(lent);
  EXPECT_EQ(queue->ReleaseIdleBuffers(), kRequests * kBytes - released);
}

TEST_P(IdleBuffersTest, AreReleasedByTheirAge) {
  const BlockFile file = MakeFile("a");
  const auto queue = Make(absl::Milliseconds(5));
  ExpectAllRead(queue.get(), file.fd());
  const std::vector<Request*> all = GetAll(queue.get());
  PutAll(queue.get(), all);
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  bool any = true;
  while (any && absl::Now() < deadline) {
    EXPECT_EQ(queue->TryWait(), nullptr);
    any = false;
    for (const Request* r : all) any |= HasMemory(*r);
  }
  EXPECT_FALSE(any);
  ExpectAllRead(queue.get(), file.fd());
}

TEST_P(IdleBuffersTest, AreReleasedByPutAndByWaitingForARequest) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const Pipe pipe;
  for (const bool by_put : {true, false}) {
    const auto queue = Make(absl::Milliseconds(5));
    const std::vector<Request*> all = GetAll(queue.get());
    PutAll(queue.get(), all);
    Request* blocked =
        Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (HasMemory(*all.front()) && absl::Now() < deadline) {
      if (by_put) {
        queue->Put(queue->Get());
      } else {
        EXPECT_FALSE(queue->WaitFor(blocked, absl::ZeroDuration()));
      }
    }
    EXPECT_FALSE(HasMemory(*all.front()));
    pipe.Put("x");
    EXPECT_EQ(Finish(queue.get(), blocked), 1);
  }
}

// The first call looks at all buffers.
TEST_P(IdleBuffersTest, StayWhereTheyAreYoung) {
  const auto queue = Make(absl::Hours(1));
  const std::vector<Request*> all = GetAll(queue.get());
  PutAll(queue.get(), all);
  EXPECT_EQ(queue->TryWait(), nullptr);
  for (const Request* r : all) EXPECT_TRUE(HasMemory(*r));
}

}  // namespace
}  // namespace uasio
