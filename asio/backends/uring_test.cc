// uring only: registered buffers, RLIMIT_MEMLOCK, and system calls that begin
// to fail.

#include "asio/backends/uring.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "asio/backends/kernel_testing.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "gtest/gtest.h"

namespace {

int enters_to_fail = 0;

}  // namespace

// In place of liburing's: the first enters_to_fail calls fail.
int io_uring_enter(unsigned fd, unsigned to_submit, unsigned min_complete,
                   unsigned flags, sigset_t* signals) {
  if (enters_to_fail > 0) return --enters_to_fail, -EAGAIN;
  const long result = syscall(SYS_io_uring_enter, fd, to_submit, min_complete,
                              flags, signals, _NSIG / 8);
  return result < 0 ? -errno : static_cast<int>(result);
}

namespace uasio {
namespace {

using testing::ExitedWithCode;

// How many buffers are registered with this process's rings, according to
// /proc; -1: it does not show them.
int RegisteredBuffers() {
  int count = -1;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(entry.path());
    bool in_table = false;
    for (std::string line; std::getline(info, line);) {
      if (in_table && line.find("0x") != std::string::npos) ++count;
      if (line.find(':') != 5) in_table = false;  // Its lines are "%5u: ...".
      if (line.rfind("UserBufs:", 0) == 0) {
        in_table = true;
        count = 0;
      }
    }
  }
  return count;
}

class UringTest : public testing::Test {
 protected:
  void SetUp() override {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto backend = UringBackend::Create(1);
    if (!backend.ok()) GTEST_SKIP() << backend.status();
  }
};
using UringDeathTest = UringTest;

// True: a read returns the file's bytes, without the workers.
bool Reads(KernelQueue* q, int fd, const std::string& bytes, char* lent) {
  Request* r = Prepare(q->queue.get(), Op::kRead, fd, 0, bytes.size());
  if (lent != nullptr) r->buffer = lent;
  q->queue->Submit(r);
  const bool good =
      Finish(q->queue.get(), r) == static_cast<int64_t>(bytes.size()) &&
      BytesOf(*r) == bytes;
  return good && q->pool.threads() == 0;
}

TEST_F(UringTest, TheQueuesBuffersAreRegisteredAndLentOnesWorkToo) {
  const std::string bytes = Pattern(4 * kBlock);
  const DirectFile file(bytes);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  KernelQueue q("uring");
  if (RegisteredBuffers() < 0)
    GTEST_SKIP() << "/proc does not show registered buffers";
  EXPECT_EQ(RegisteredBuffers(), 0);
  EXPECT_TRUE(Reads(&q, file.fd(), bytes, nullptr));
  EXPECT_EQ(RegisteredBuffers(), 1);
  Buffer lent = Buffer::Allocate(bytes.size());
  EXPECT_TRUE(Reads(&q, file.fd(), bytes, lent.data()));
  EXPECT_EQ(RegisteredBuffers(), 1);
}

TEST_F(UringTest, ARingThatCouldNotBeEnabledOnceIsEnabledLater) {
  const std::string bytes = Pattern(4 * kBlock);
  const DirectFile file(bytes);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const auto backend = *UringBackend::Create(1);
  backend->Reserve(1);
  const Buffer buffer = Buffer::Allocate(bytes.size());
  Request read =
      MakeRequest(Op::kRead, file.fd(), 0, buffer.data(), bytes.size());
  enters_to_fail = 1;
  StartOne(backend.get(), &read);
  ReapAll(backend.get(), 1);
  EXPECT_EQ(enters_to_fail, 0);
  EXPECT_EQ(read.result, kRefused);
  read.transferred = 0;
  StartOne(backend.get(), &read);
  ReapAll(backend.get(), 1);
  EXPECT_EQ(read.result, static_cast<int64_t>(bytes.size()));
}

TEST_F(UringTest, ReleasedBuffersAreRegisteredAgainWhenTheyAreLent) {
  const std::string bytes = Pattern(4 * kBlock);
  const DirectFile file(bytes);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  KernelQueue q("uring");
  EXPECT_TRUE(Reads(&q, file.fd(), bytes, nullptr));
  if (RegisteredBuffers() < 0)
    GTEST_SKIP() << "/proc does not show registered buffers";
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(RegisteredBuffers(), 1);
    EXPECT_GT(q.queue->ReleaseIdleBuffers(), 0u);
    EXPECT_EQ(RegisteredBuffers(), 0);
    EXPECT_TRUE(Reads(&q, file.fd(), bytes, nullptr));
  }
  // The kernel's table has room for 1024 buffers.
  for (int round = 0; round < 1100; ++round) {
    q.queue->ReleaseIdleBuffers();
    q.queue->Put(q.queue->Get());
  }
  EXPECT_EQ(RegisteredBuffers(), 1);
}

// The number becomes another file's, but the ring's own file is still read.
TEST_F(UringTest, AUsedFileIsRegisteredUntilItIsRemoved) {
  const std::string bytes = Pattern(kBlock), others(kBlock, 'o');
  const DirectFile file(bytes), other(others);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const Fd number(dup(file.fd()));
  const auto backend = *UringBackend::Create(1);
  backend->Reserve(1);
  backend->AddFile(number.get());
  ASSERT_EQ(dup2(other.fd(), number.get()), number.get());
  const Buffer buffer = Buffer::Allocate(kBlock);
  for (const std::string& expected : {bytes, others}) {
    Request read =
        MakeRequest(Op::kRead, number.get(), 0, buffer.data(), kBlock);
    StartOne(backend.get(), &read);
    ReapAll(backend.get(), 1);
    EXPECT_TRUE(BytesOf(read) == expected) << read.result;
    backend->RemoveFile(number.get());
  }
}

// As above, by a queue.
TEST_F(UringTest, UseRegistersAFileAndForgetRemovesIt) {
  const std::string bytes = Pattern(kBlock), others(kBlock, 'o');
  const DirectFile file(bytes), other(others);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const Fd number(dup(file.fd()));
  KernelQueue q("uring");
  q.queue->Use(number.get());
  ASSERT_EQ(dup2(other.fd(), number.get()), number.get());
  EXPECT_TRUE(Reads(&q, number.get(), bytes, nullptr));
  EXPECT_TRUE(q.queue->Forget(number.get()).ok());
  EXPECT_TRUE(Reads(&q, number.get(), others, nullptr));
}

// 0 leaves no room in the kernel's table, and 64 has none for that number.
TEST_F(UringTest, AFileThatCannotBeRegisteredIsReadAllTheSame) {
  const std::string bytes = Pattern(kBlock);
  const DirectFile file(bytes);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const Fd number(fcntl(file.fd(), F_DUPFD_CLOEXEC, 100));
  for (const rlim_t limit : {0, 64}) {
    KernelQueue q("uring");
    {
      const FdLimit little(limit);
      q.queue->Use(number.get());
    }
    EXPECT_TRUE(Reads(&q, number.get(), bytes, nullptr));
  }
}

// The limit leaves room for a ring, but not for the queue's buffers.
[[noreturn]] void ReadWithLittleLockedMemory(int fd, const std::string& bytes) {
  const rlimit little = {128 << 10, 128 << 10};
  if (setrlimit(RLIMIT_MEMLOCK, &little) != 0 || setuid(kNobody) != 0) exit(2);
  QueueOptions options;
  options.buffer_bytes = 1 << 20;
  bool good;
  {
    KernelQueue q("uring", options);
    good = Reads(&q, fd, bytes, nullptr) && RegisteredBuffers() <= 0;
  }
  exit(good && !testing::Test::HasFailure() ? 0 : 1);
}

TEST_F(UringDeathTest, BuffersThatMayNotBeLockedAreUsedUnregistered) {
  if (!MayBecomeNobody()) GTEST_SKIP() << "cannot become an unprivileged user";
  const std::string bytes = Pattern(4 * kBlock);
  const DirectFile file(bytes);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  EXPECT_EXIT(ReadWithLittleLockedMemory(file.fd(), bytes), ExitedWithCode(0),
              "");
}

// After a successful read the kernel refuses every submit, as when a program
// installs a seccomp filter after it made its queues, or memory runs out.  Many
// more requests than the ring has entries come back once each, from the
// workers.
[[noreturn]] void ReadWithSubmitsRefused(int fd, const std::string& bytes,
                                         unsigned error) {
  constexpr size_t kRequests = 200, kRingEntries = 4;
  QueueOptions options;
  options.requests_max = options.depth_max = kRequests;
  KernelQueue q("uring", options, kRingEntries);
  bool good = Reads(&q, fd, bytes, nullptr);
  RefuseCalls({{SYS_io_uring_enter, error}});
  std::vector<Request*> batch;
  while (Request* r = q.queue->Get()) {
    r->op = batch.size() % 2 == 0 ? Op::kRead : Op::kNoOp;
    r->fd = fd;
    r->length = r->op == Op::kRead ? bytes.size() : 0;
    batch.push_back(r);
  }
  q.queue->Submit(batch);
  size_t count = 0;
  for (; Request* r = q.queue->WaitUntil(TestDeadline()); ++count) {
    good &= BytesOf(*r) == (r->op == Op::kRead ? bytes : "");
  }
  good &= count == batch.size() && q.queue->in_flight() == 0;
  exit(good && !testing::Test::HasFailure() ? 0 : 1);
}

TEST_F(UringDeathTest, RequestsThatTheKernelRefusesGoToTheWorkers) {
  const std::string bytes = Pattern(4 * kBlock);
  const DirectFile file(bytes);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  for (const unsigned error : {EAGAIN, EBUSY, EPERM}) {
    EXPECT_EXIT(ReadWithSubmitsRefused(file.fd(), bytes, error),
                ExitedWithCode(0), "");
  }
}

// One system call submits and waits: the kernel has nothing before Reap().
TEST_F(UringTest, WhatIsStartedBeforeAReapIsSubmittedByIt) {
  const std::string old_bytes(kBlock, 'o');
  const DirectFile file(old_bytes);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const auto backend = *UringBackend::Create(1);
  backend->Reserve(1);
  const Buffer buffer = Buffer::Allocate(kBlock);
  for (const size_t min : {1, 0}) {
    const char letter = min == 1 ? 'x' : 'y';
    Request read = MakeRequest(Op::kRead, file.fd(), 0, buffer.data(), kBlock);
    Request* const batch[] = {&read};
    EXPECT_EQ(backend->StartBeforeReap(batch), 0u);
    const Buffer bytes = Buffer::Allocate(kBlock);
    std::memset(bytes.data(), letter, kBlock);
    EXPECT_EQ(pwrite(file.fd(), bytes.data(), kBlock, 0),
              static_cast<ssize_t>(kBlock));
    Completion done = {};
    while (backend->Reap(absl::MakeSpan(&done, 1), min, kNoDeadline) == 0) {
    }
    EXPECT_EQ(done.result, static_cast<int64_t>(kBlock));
    EXPECT_EQ(buffer.data()[0], letter);
  }
}

[[noreturn]] void WaitWithSubmitsRefused(int fd, const std::string& bytes,
                                         unsigned error) {
  KernelQueue q("uring");
  bool good = Reads(&q, fd, bytes, nullptr);
  RefuseCalls({{SYS_io_uring_enter, error}});
  Request* r = Prepare(q.queue.get(), Op::kRead, fd, 0, bytes.size());
  q.queue->SubmitAndWait(r);
  good &= BytesOf(*r) == bytes && q.pool.threads() > 0;
  exit(good && !testing::Test::HasFailure() ? 0 : 1);
}

TEST_F(UringDeathTest, WhatTheKernelRefusesInSubmitAndWaitGoesToTheWorkers) {
  const std::string bytes = Pattern(4 * kBlock);
  const DirectFile file(bytes);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  for (const unsigned error : {EAGAIN, EBUSY, EPERM}) {
    EXPECT_EXIT(WaitWithSubmitsRefused(file.fd(), bytes, error),
                ExitedWithCode(0), "");
  }
}

// The event fd, too, needs io_uring_register().
[[noreturn]] void PollWithoutRegisteredEventFd(int fd,
                                               const std::string& bytes) {
  bool good;
  {
    KernelQueue q("uring");
    good = Reads(&q, fd, bytes, nullptr);
    RefuseCalls({{SYS_io_uring_register, EPERM}});
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 16; ++i) {
        Submit(q.queue.get(), Op::kRead, fd, 0, bytes.size());
      }
      ExpectSignaled(q.queue.get(), 16);
    }
    good &= q.pool.threads() == 0;
  }
  exit(good && !testing::Test::HasFailure() ? 0 : 1);
}

TEST_F(UringDeathTest, WithoutARegisteredEventFdEveryResultIsSignaled) {
  const std::string bytes = Pattern(4 * kBlock);
  const DirectFile file(bytes);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  EXPECT_EXIT(PollWithoutRegisteredEventFd(file.fd(), bytes), ExitedWithCode(0),
              "");
}

// Starts a read from an empty pipe; then the kernel refuses io_uring_enter().
struct BlockedReadWithoutEnter {
  BlockedReadWithoutEnter() : backend(*UringBackend::Create(8)) {
    read.fd = pipe.read_end.get();
    read.offset = kFilePosition;
    read.buffer = &byte;
    read.length = 1;
    Request* const batch[] = {&read};
    if (backend->Start(batch) != 0) exit(2);
    RefuseCalls({{SYS_io_uring_enter, EPERM}});
  }

  size_t Reap(size_t min) {
    return backend->Reap(absl::MakeSpan(&done, 1), min, kNoDeadline);
  }

  const Pipe pipe;
  char byte;
  Request read;
  Completion done;
  const std::unique_ptr<Backend> backend;
};

TEST_F(UringDeathTest, AReapThatCannotWaitEndsTheProgram) {
  EXPECT_DEATH(BlockedReadWithoutEnter().Reap(1),
               "uring: io_uring_enter\\(\\) failed with requests in flight");
}

TEST_F(UringDeathTest, ACancelThatTheKernelRefusesIsDropped) {
  EXPECT_EXIT(
      {
        BlockedReadWithoutEnter it;
        it.backend->Cancel(&it.read);
        exit(it.Reap(0) == 0 ? 0 : 1);
      },
      ExitedWithCode(0), "");
}

}  // namespace
}  // namespace uasio
