#include "asio/backends/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "asio/testing/backend.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

TEST(SyncBackendTest, TakesEveryRequest) {
  SyncBackend backend;
  EXPECT_EQ(backend.name(), "sync");
  EXPECT_TRUE(backend.Takes(MakeNoOp()));
  EXPECT_TRUE(backend.Takes(MakeRequest(Op::kWriteBack, 0, 0, nullptr, 0)));
}

TEST(SyncBackendTest, StartPerformsABatchInOrder) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  SyncBackend backend;
  char one[] = "aaaa", two[] = "bb", back[8];
  Request first = MakeRequest(Op::kWrite, fd.get(), 0, one, 4);
  Request second = MakeRequest(Op::kWrite, fd.get(), 1, two, 2);
  Request third = MakeRequest(Op::kRead, fd.get(), 0, back, 8);
  backend.Start({&first, &second, &third});
  EXPECT_EQ(Contents(scratch.Path("data")), "abba");
  EXPECT_EQ(std::string(back, 4), "abba");
  const std::vector<Completion> done = ReapAll(&backend, 3);
  EXPECT_EQ(done[0].request, &first);
  EXPECT_EQ(done[1].request, &second);
  EXPECT_EQ(done[2].request, &third);
  EXPECT_EQ(first.result, 4);
  EXPECT_EQ(second.result, 2);
  EXPECT_EQ(third.result, 4);
  EXPECT_EQ(third.transferred, 4u);
}

TEST(SyncBackendTest, AnErrorSaysHowMuchWasTransferred) {
  const Pipe pipe(O_NONBLOCK);
  std::string text = Pattern(pipe.Capacity() + 1);
  SyncBackend backend;
  Request write = MakeRequest(Op::kWrite, pipe.write_end.get(), kFilePosition,
                              text.data(), text.size());
  StartOne(&backend, &write);
  ReapAll(&backend, 1);
  EXPECT_EQ(write.result, -EAGAIN);
  EXPECT_EQ(write.transferred, pipe.Capacity());
}

TEST(SyncBackendTest, ReapFillsTheSpanAndKeepsTheRest) {
  SyncBackend backend;
  Request requests[] = {MakeNoOp(), MakeNoOp(), MakeNoOp()};
  backend.Start({&requests[0], &requests[1], &requests[2]});
  ReapAll(&backend, 2);
  ExpectFinished(&backend, &requests[2]);
  ExpectFinished(&backend, nullptr);
}

TEST(SyncBackendTest, CancelDoesNotChangeTheResult) {
  SyncBackend backend;
  Request request = MakeNoOp();
  StartOne(&backend, &request);
  backend.Cancel(&request);
  ReapAll(&backend, 1);
  EXPECT_EQ(request.result, 0);
  ExpectFinished(&backend, nullptr);
}

TEST(SyncBackendTest, StartReturnsHowManyWaitForReap) {
  SyncBackend backend;
  Request a = MakeNoOp();
  Request b = MakeNoOp();
  Request* const batch[] = {&a, &b};
  EXPECT_EQ(backend.Start(batch), 2u);
  ReapAll(&backend, 1);
  Request c = MakeNoOp();
  Request* const another[] = {&c};
  EXPECT_EQ(backend.Start(another), 2u);
  ReapAll(&backend, 2);
}

}  // namespace
}  // namespace uasio
