// Tests WorkerBackend; worker_backend_cancel_test.cc tests its Cancel().

#include "asio/internal/worker_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "asio/testing/backend.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"

namespace uasio::internal {
namespace {

constexpr int kLongMs = 60 * 1000;

WorkerPoolOptions Threads(size_t threads_max) {
  WorkerPoolOptions options;
  options.threads_max = threads_max;
  return options;
}

Request ReadPipe(const Pipe& pipe, char* buffer, size_t length) {
  return MakeRequest(Op::kRead, pipe.read_end.get(), kFilePosition, buffer,
                     length);
}

TEST(WorkerTest, TakesEveryRequestAndIsNamedWorker) {
  WorkerPool pool(Threads(1));
  WorkerBackend backend(&pool);
  EXPECT_EQ(backend.name(), "worker");
  EXPECT_TRUE(backend.Takes(MakeNoOp()));
  EXPECT_TRUE(backend.Takes(MakeRequest(Op::kWriteBack, 0, 0, nullptr, 0)));
}

TEST(WorkerTest, EachRequestOfABatchComesBackOnceWithItsResult) {
  const Scratch scratch;
  const std::string text = Pattern(100 * 100);
  const Fd fd = scratch.Open("data", text);
  WorkerPool pool(Threads(4));
  WorkerBackend backend(&pool);
  std::string back(text.size() + 100, '\0');
  std::vector<Request> requests;
  for (int i = 0; i <= 100; ++i) {
    requests.push_back(
        MakeRequest(Op::kRead, fd.get(), i * 100, &back[i * 100], 100));
  }
  std::vector<Request*> batch;
  for (Request& request : requests) batch.push_back(&request);
  backend.Start(batch);
  std::set<Request*> seen;
  for (const Completion& completion : ReapAll(&backend, 101)) {
    EXPECT_TRUE(seen.insert(completion.request).second);
    const bool at_end = completion.request == &requests[100];
    EXPECT_EQ(completion.result, at_end ? 0 : 100);
    EXPECT_EQ(completion.transferred, at_end ? 0u : 100u);
  }
  EXPECT_TRUE(back.substr(0, text.size()) == text);
  ExpectFinished(&backend, nullptr);
}

TEST(WorkerTest, ResultsAreThoseOfPerform) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  WorkerPool pool(Threads(1));
  WorkerBackend backend(&pool);
  char text[] = "0123456789", back[20] = {};
  iovec parts[] = {{text, 3}, {text + 3, 7}};
  Request writev = MakeRequest(Op::kWritev, fd.get(), 0, nullptr, 10);
  writev.iovecs = parts;
  writev.iovec_count = 2;
  Request fsync = MakeRequest(Op::kFsync, fd.get(), 0, nullptr, 0);
  Request no_op = MakeNoOp();
  Request read = MakeRequest(Op::kRead, fd.get(), 5, back, 20);
  Request bad = MakeRequest(Op::kRead, -1, 0, back, 20);
  for (Request* request : {&writev, &fsync, &no_op, &read, &bad}) {
    StartOne(&backend, request);
    ReapAll(&backend, 1);
  }
  EXPECT_EQ(writev.result, 10);
  EXPECT_EQ(fsync.result, 0);
  EXPECT_EQ(no_op.result, 0);
  EXPECT_EQ(read.result, 5);
  EXPECT_EQ(bad.result, -EBADF);
  EXPECT_EQ(std::string(back), "56789");
}

TEST(WorkerTest, ReapWaitsUntilTheDeadlineIfNothingCompletes) {
  WorkerPool pool(Threads(1));
  WorkerBackend backend(&pool);
  const Pipe pipe;
  char byte;
  Request read = ReadPipe(pipe, &byte, 1);
  StartOne(&backend, &read);
  Completion out;
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  EXPECT_EQ(backend.Reap(absl::MakeSpan(&out, 1), 1, deadline), 0u);
  EXPECT_TRUE(HasPassed(deadline));
  ExpectFinished(&backend, nullptr);
  pipe.Put("x");
  ReapAll(&backend, 1);
  EXPECT_EQ(read.result, 1);
}

// The second pipe gets its byte only after the first request has read its own.
TEST(WorkerTest, ReapWaitsForTheMinimum) {
  WorkerPool pool(Threads(2));
  WorkerBackend backend(&pool);
  const Pipe one, two;
  char bytes[2];
  Request first = ReadPipe(one, &bytes[0], 1);
  Request second = ReadPipe(two, &bytes[1], 1);
  backend.Start({&first, &second});
  std::thread writer([&] {
    one.Put("x");
    while (one.Waiting() > 0) sched_yield();
    two.Put("y");
  });
  ReapAll(&backend, 2);
  writer.join();
  EXPECT_EQ(first.result + second.result, 2);
}

TEST(WorkerTest, ReapReturnsAsManyAsFitAndTheRestLater) {
  WorkerPool pool(Threads(1));
  WorkerBackend backend(&pool);
  std::vector<Request> requests(10, MakeNoOp());
  for (Request& request : requests) StartOne(&backend, &request);
  std::set<Request*> seen;
  for (const size_t count : {3, 3, 3, 1}) {
    for (const Completion& done : ReapAll(&backend, count)) {
      seen.insert(done.request);
    }
  }
  EXPECT_EQ(seen.size(), 10u);
}

TEST(WorkerTest, AttachSignalsAtOnceIfARequestHasCompleted) {
  const Fd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  PoolGate gate;
  WorkerPool pool(Threads(1));
  WorkerBackend backend(&pool);
  Request request = MakeNoOp();
  StartOne(&backend, &request);
  gate.Stop(&pool);  // Returns after the request, which was queued before.
  backend.Attach(event.get());
  EXPECT_TRUE(TakeSignal(event.get(), 0));
  ReapAll(&backend, 1);
  gate.Open();
}

// Waits on the eventfd only, and after each signal reaps until nothing is left.
TEST(WorkerTest, NoSignalIsLost) {
  constexpr int kRequests = 20000;
  const Fd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  WorkerPool pool(Threads(3));
  WorkerBackend backend(&pool);
  backend.Attach(event.get());
  std::vector<Request> requests(4, MakeNoOp());
  for (Request& request : requests) StartOne(&backend, &request);
  int started = 4;
  Completion out[2];
  for (int finished = 0; finished < kRequests;) {
    ASSERT_TRUE(TakeSignal(event.get(), kLongMs)) << finished;
    size_t count;
    do {
      count = backend.Reap(absl::MakeSpan(out), 0, kDontWait);
      finished += static_cast<int>(count);
      for (size_t i = 0; i < count && started < kRequests; ++i, ++started) {
        StartOne(&backend, out[i].request);
      }
    } while (count == 2);
  }
  ExpectFinished(&backend, nullptr);
}

TEST(WorkerTest, AHundredBlockedPipeReadsOccupyNoThread) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  WorkerPool pool(Threads(2));
  WorkerBackend backend(&pool);
  std::vector<Pipe> pipes(100);
  std::string bytes(100, '\0');
  std::vector<Request> reads;
  for (int i = 0; i < 100; ++i) {
    reads.push_back(ReadPipe(pipes[i], &bytes[i], 1));
  }
  for (Request& read : reads) StartOne(&backend, &read);
  std::string text = Pattern(1000), back(1000, '\0');
  Request write = MakeRequest(Op::kWrite, fd.get(), 0, text.data(), 1000);
  Request read = MakeRequest(Op::kRead, fd.get(), 0, back.data(), 1000);
  for (Request* request : {&write, &read}) {
    StartOne(&backend, request);
    EXPECT_EQ(ReapAll(&backend, 1)[0].request, request);
    EXPECT_EQ(request->result, 1000);
  }
  EXPECT_EQ(back, text);
  for (int i = 0; i < 100; ++i) pipes[i].Put(std::string(1, text[i]));
  ReapAll(&backend, 100);
  for (const Request& done : reads) EXPECT_EQ(done.result, 1);
  EXPECT_EQ(bytes, text.substr(0, 100));
}

TEST(WorkerTest, AWriteLargerThanThePipeTransfersAllBytes) {
  WorkerPool pool(Threads(1));
  WorkerBackend backend(&pool);
  const Pipe pipe;
  std::string text = Pattern(pipe.Capacity() * 7 + 1), back;
  Request write = MakeRequest(Op::kWrite, pipe.write_end.get(), kFilePosition,
                              text.data(), text.size());
  StartOne(&backend, &write);
  while (back.size() < text.size()) {
    char part[10000];
    const ssize_t n = read(pipe.read_end.get(), part, sizeof(part));
    ASSERT_GT(n, 0);
    back.append(part, static_cast<size_t>(n));
  }
  ReapAll(&backend, 1);
  EXPECT_EQ(write.result, static_cast<int64_t>(text.size()));
  EXPECT_EQ(write.transferred, text.size());
  EXPECT_TRUE(back == text);
}

TEST(WorkerTest, EagainOfANonBlockingFdIsAResult) {
  WorkerPool pool(Threads(1));
  WorkerBackend backend(&pool);
  const Pipe pipe(O_NONBLOCK);
  char byte;
  Request read = ReadPipe(pipe, &byte, 1);
  StartOne(&backend, &read);
  ReapAll(&backend, 1);
  EXPECT_EQ(read.result, -EAGAIN);
}

TEST(WorkerTest, HigherPrioritiesStartFirstAndEqualOnesInOrderOfSubmission) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data");
  WorkerPool pool(Threads(1));
  WorkerBackend backend(&pool);
  PoolGate gate;
  gate.Stop(&pool);
  char letters[] = "abcdef";
  const unsigned priorities[] = {0, 2, 1, 2, 0, 1};
  std::vector<Request> writes;
  for (int i = 0; i < 6; ++i) {
    writes.push_back(
        MakeRequest(Op::kWrite, fd.get(), kFilePosition, &letters[i], 1));
    writes.back().priority = priorities[i];
  }
  std::vector<Request*> batch;
  for (Request& write : writes) batch.push_back(&write);
  backend.Start(batch);
  gate.Open();
  ReapAll(&backend, 6);
  EXPECT_EQ(Contents(scratch.Path("data")), "bdcfae");
}

}  // namespace
}  // namespace uasio::internal
