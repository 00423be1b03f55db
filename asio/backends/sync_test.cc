#include "asio/backends/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "asio/backend_testing.h"
#include "asio/fd_testing.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using backend_testing::CollectAll;
using backend_testing::ExpectFinished;
using backend_testing::Form;
using backend_testing::NoOp;
using backend_testing::StartOne;
using backend_testing::TakeSignal;
using fd_testing::Contents;
using fd_testing::Fd;
using fd_testing::Pattern;
using fd_testing::Pipe;
using fd_testing::Scratch;

TEST(SyncBackendTest, TakesEverythingAndSaysItsName) {
  SyncBackend backend;
  EXPECT_EQ(backend.name(), "sync");
  EXPECT_TRUE(backend.Takes(NoOp()));
  EXPECT_TRUE(backend.Takes(Form(Op::kWriteBack, 0, 0, nullptr, 0)));
}

TEST(SyncBackendTest, PerformsABatchInItsOrderAtStart) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  SyncBackend backend;
  char one[] = "aaaa", two[] = "bb", back[8];
  Request first = Form(Op::kWrite, fd.get(), 0, one, 4);
  Request second = Form(Op::kWrite, fd.get(), 1, two, 2);
  Request third = Form(Op::kRead, fd.get(), 0, back, 8);
  backend.Start({&first, &second, &third});
  EXPECT_EQ(Contents(scratch.Path("data")), "abba");
  EXPECT_EQ(std::string(back, 4), "abba");
  const std::vector<Completion> done = CollectAll(&backend, 3);
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
  Request write = Form(Op::kWrite, pipe.write_end.get(), kFilePosition,
                       text.data(), text.size());
  StartOne(&backend, &write);
  CollectAll(&backend, 1);
  EXPECT_EQ(write.result, -EAGAIN);
  EXPECT_EQ(write.transferred, pipe.Capacity());
}

TEST(SyncBackendTest, CollectGivesAsManyAsFitAndTheRestLater) {
  SyncBackend backend;
  Request requests[] = {NoOp(), NoOp(), NoOp()};
  backend.Start({&requests[0], &requests[1], &requests[2]});
  CollectAll(&backend, 2);
  ExpectFinished(&backend, &requests[2]);
  ExpectFinished(&backend, nullptr);
}

TEST(SyncBackendTest, CancelLeavesWhatHappenedToTheResult) {
  SyncBackend backend;
  Request request = NoOp();
  StartOne(&backend, &request);
  backend.Cancel(&request);
  CollectAll(&backend, 1);
  EXPECT_EQ(request.result, 0);
  ExpectFinished(&backend, nullptr);
}

TEST(SyncBackendTest, StartSaysHowManyWaitToBeCollected) {
  SyncBackend backend;
  Request a = NoOp();
  Request b = NoOp();
  Request* const batch[] = {&a, &b};
  EXPECT_EQ(backend.Start(batch), 2u);
  CollectAll(&backend, 1);
  Request c = NoOp();
  Request* const another[] = {&c};
  EXPECT_EQ(backend.Start(another), 2u);
  CollectAll(&backend, 2);
}

}  // namespace
}  // namespace uasio
