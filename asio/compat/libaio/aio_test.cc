// Aio where it differs from the kernel or goes beyond it; cases/ tests what is
// the same.

#include "asio/compat/libaio/aio.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "asio/testing/fd.h"
#include "asio/testing/fuse.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace libaio {
namespace {

iocb Block(int opcode, const Fd& fd, void* buffer, size_t bytes) {
  iocb block = {};
  block.aio_lio_opcode = static_cast<uint16_t>(opcode);
  block.aio_fildes = static_cast<uint32_t>(fd.get());
  block.aio_buf = reinterpret_cast<uint64_t>(buffer);
  block.aio_nbytes = bytes;
  return block;
}

class AioTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(aio_.Setup(8, &context_), 0); }

  int64_t Submit(iocb* block) { return aio_.Submit(context_, 1, &block); }

  // The result of the next event; -ENOENT: no event came until `timeout`.
  int64_t Next(const timespec* timeout = nullptr) {
    io_event event;
    const int64_t got = aio_.GetEvents(context_, 1, 1, &event, timeout);
    return got == 1 ? event.res : got == 0 ? -ENOENT : got;
  }

  const Scratch scratch_;
  const timespec none_ = {0, 0};
  Aio aio_;
  aio_context_t context_ = 0;
};

TEST_F(AioTest, SubmitDoesNotBlockOnAReadOfAnEmptyPipe) {
  const Pipe pipe;
  char back[10];
  iocb read = Block(IOCB_CMD_PREAD, pipe.read_end, back, 10);
  EXPECT_EQ(Submit(&read), 1);
  EXPECT_EQ(Next(&none_), -ENOENT);
  EXPECT_EQ(aio_.Cancel(context_, &read, nullptr), -EINVAL);
  pipe.Put("abc");
  EXPECT_EQ(Next(), 3);
  EXPECT_EQ(std::string(back, 3), "abc");
}

TEST_F(AioTest, AWriteToAFullPipeResumesWhenThereIsRoom) {
  const Pipe pipe;
  std::string text = Pattern(pipe.Capacity() * 3);
  std::string back(text.size(), '\0');
  iocb write = Block(IOCB_CMD_PWRITE, pipe.write_end, text.data(), text.size());
  EXPECT_EQ(Submit(&write), 1);
  for (size_t done = 0; done < back.size();) {
    const ssize_t n =
        read(pipe.read_end.get(), &back[done], back.size() - done);
    ASSERT_GT(n, 0);
    done += static_cast<size_t>(n);
  }
  EXPECT_EQ(Next(), static_cast<int64_t>(text.size()));
  EXPECT_TRUE(back == text);
}

// More reads of `silent` wait than there are threads, and another read still
// completes.
void ExpectWaitingReadsOccupyNoThreads(const Fd& silent) {
  const Scratch scratch;
  const Fd file = scratch.Open("data", "0123456789");
  AioOptions options;
  options.threads_max = 1;
  options.cached_reads = false;
  Aio aio(options);
  aio_context_t context = 0;
  ASSERT_EQ(aio.Setup(16, &context), 0);
  char bytes[10];
  iocb wait = Block(IOCB_CMD_PREAD, silent, bytes, 1);
  std::vector<iocb*> blocks(8, &wait);
  EXPECT_EQ(aio.Submit(context, 8, blocks.data()), 8);
  iocb read = Block(IOCB_CMD_PREAD, file, bytes, 10);
  blocks = {&read};
  EXPECT_EQ(aio.Submit(context, 1, blocks.data()), 1);
  io_event event;
  EXPECT_EQ(aio.GetEvents(context, 1, 1, &event, nullptr), 1);
  EXPECT_EQ(event.res, 10);
  aio.Drain();                         // Does not wait for the others.
  EXPECT_EQ(aio.Destroy(context), 0);  // Nor does this.
}

TEST(AioThreadsTest, WaitingReadsOfPipesOccupyNoThreads) {
  const Pipe pipe;
  ExpectWaitingReadsOccupyNoThreads(pipe.read_end);
}

FuseOptions EmptyLog() {
  FuseOptions options;
  options.told_size = 0;
  options.is_log = true;
  return options;
}

// As the kernel's log.
TEST(AioThreadsTest, WaitingReadsOfRegularFilesOccupyNoThreads) {
  const FuseFile log(EmptyLog());
  if (!log.why_not().empty()) GTEST_SKIP() << log.why_not();
  ExpectWaitingReadsOccupyNoThreads(
      Fd(open(log.path().c_str(), O_RDONLY | O_CLOEXEC)));
}

TEST_F(AioTest, AReadOfARegularFileThatWaitsGivesWhatComes) {
  FuseFile log(EmptyLog());
  if (!log.why_not().empty()) GTEST_SKIP() << log.why_not();
  const Fd fd(open(log.path().c_str(), O_RDONLY | O_CLOEXEC));
  char back[10];
  iocb read = Block(IOCB_CMD_PREAD, fd, back, 10);
  EXPECT_EQ(Submit(&read), 1);
  log.WaitForPoll();
  EXPECT_EQ(Next(&none_), -ENOENT);
  log.Append("late");
  EXPECT_EQ(Next(), 4);
  EXPECT_EQ(std::string(back, 4), "late");
}

// The attributes of its files have expired.
TEST_F(AioTest, SubmitDoesNotAskTheServerOfFuseAboutTheFile) {
  FuseOptions options;
  options.contents = "0123456789";
  FuseFile file(options);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const Fd fd(open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
  const Fd submitted(eventfd(0, EFD_CLOEXEC));
  file.Mute();
  std::thread server([&] {
    pollfd signal = {submitted.get(), POLLIN, 0};
    EXPECT_EQ(poll(&signal, 1, /*timeout=*/10000), 1) << "Submit() waits";
    file.Release();
  });
  char back[20];
  iocb read = Block(IOCB_CMD_PREAD, fd, back, 20);
  EXPECT_EQ(Submit(&read), 1);
  EXPECT_EQ(eventfd_write(submitted.get(), 1), 0);
  server.join();
  EXPECT_EQ(Next(), 10);
}

// Destroy() meets the read in the pool, in the epoll thread or in between.
TEST_F(AioTest, DestroyCancelsReadsOfPipes) {
  const Pipe pipe;
  char byte;
  iocb read = Block(IOCB_CMD_PREAD, pipe.read_end, &byte, 1);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Submit(&read), 1);
    EXPECT_EQ(aio_.Destroy(context_), 0);
    context_ = 0;
    ASSERT_EQ(aio_.Setup(8, &context_), 0);
  }
}

TEST_F(AioTest, CallsInAForkedChildReturnEinval) {
  const pid_t child = fork();
  if (child == 0) {
    aio_context_t fresh = 0;
    io_event event;
    aio_.Drain();
    _exit(aio_.Setup(8, &fresh) == -EINVAL &&
                  aio_.Destroy(context_) == -EINVAL &&
                  aio_.GetEvents(context_, 0, 1, &event, nullptr) == -EINVAL
              ? 0
              : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// The parent has requests in flight; its threads do not exist in the child.
TEST(AioForkTest, AForkedChildMayDestroyItsCopy) {
  const Pipe pipe;  // Closed after its watcher has ended.
  auto aio = std::make_unique<Aio>();
  aio_context_t context = 0;
  ASSERT_EQ(aio->Setup(8, &context), 0);
  char byte;
  iocb read = Block(IOCB_CMD_PREAD, pipe.read_end, &byte, 1);
  iocb poll = Block(IOCB_CMD_POLL, pipe.read_end, nullptr, 0);
  poll.aio_buf = POLLIN;
  iocb* blocks[] = {&read, &poll};
  ASSERT_EQ(aio->Submit(context, 2, blocks), 2);
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    aio.reset();
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(AioLimitsTest, EventsMaxBoundsAllContextsTogether) {
  AioOptions options;
  options.events_max = 100;
  Aio aio(options);
  aio_context_t first = 0, second = 0;
  EXPECT_EQ(aio.Setup(101, &first), -EAGAIN);
  EXPECT_EQ(aio.Setup(60, &first), 0);
  EXPECT_EQ(aio.Setup(41, &second), -EAGAIN);
  EXPECT_EQ(second, 0u);
  EXPECT_EQ(aio.Destroy(first), 0);
  EXPECT_EQ(aio.Setup(100, &second), 0);
}

TEST(AioLimitsTest, SetupRefusesCountsThatOverflow32Bits) {
  AioOptions options;
  options.events_max = UINT32_MAX;
  Aio aio(options);
  aio_context_t context = 0;
  EXPECT_EQ(aio.Setup(0x80000000, &context), -EAGAIN);
  EXPECT_EQ(aio.Setup(0x80000001, &context), -EAGAIN);
  EXPECT_EQ(aio.Setup(UINT32_MAX, &context), -EINVAL);
  EXPECT_EQ(context, 0u);
}

TEST(AioLimitsTest, SetupReleasesAContextWhoseIdItCannotStore) {
  AioOptions options;
  options.events_max = 100;
  Aio aio(options);
  void* page =
      mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  EXPECT_EQ(aio.Setup(100, static_cast<aio_context_t*>(page)), -EFAULT);
  munmap(page, 4096);
  aio_context_t context = 0;
  EXPECT_EQ(aio.Setup(100, &context), 0);
}

TEST_F(AioTest, CountsRequestsByKind) {
  const Fd file = scratch_.Open("data", "0123456789");
  char back[10];
  iocb read = Block(IOCB_CMD_PREAD, file, back, 10);
  iocb write = Block(IOCB_CMD_PWRITE, file, back, 10);
  iocb sync = Block(IOCB_CMD_FSYNC, file, nullptr, 0);
  iocb poll = Block(IOCB_CMD_POLL, file, nullptr, 0);
  poll.aio_buf = POLLIN;
  iocb bad = Block(IOCB_CMD_PWRITE, file, nullptr, 10);
  for (iocb* block : {&read, &write, &sync, &poll, &bad}) {
    EXPECT_EQ(Submit(block), 1);
    Next();
  }
  const AioCounts counts = aio_.counts();
  EXPECT_EQ(counts.contexts, 1u);
  EXPECT_EQ(counts.reads, 1u);
  EXPECT_EQ(counts.writes, 2u);
  EXPECT_EQ(counts.syncs, 1u);
  EXPECT_EQ(counts.polls, 1u);
  EXPECT_EQ(counts.failed, 1u);
}

TEST(AioCachedTest, SubmitPerformsCachedReadsOnlyIfAllowed) {
  const Scratch scratch;
  const Fd file = scratch.Open("data", "0123456789");
  char byte;
  const iovec one = {&byte, 1};
  if (preadv2(file.get(), &one, 1, 0, RWF_NOWAIT) != 1) {
    GTEST_SKIP() << "no RWF_NOWAIT here";
  }
  for (bool allowed : {true, false}) {
    AioOptions options;
    options.cached_reads = allowed;
    Aio aio(options);
    aio_context_t context = 0;
    ASSERT_EQ(aio.Setup(8, &context), 0);
    char back[10];
    iocb read = Block(IOCB_CMD_PREAD, file, back, 10);
    iocb* blocks[] = {&read};
    EXPECT_EQ(aio.Submit(context, 1, blocks), 1);
    io_event event;
    EXPECT_EQ(aio.GetEvents(context, 1, 1, &event, nullptr), 1);
    EXPECT_EQ(event.res, 10);
    EXPECT_EQ(aio.counts().cached, allowed ? 1u : 0u);
  }
}

// Reads that ReadIfCached() does not suit must not make it give up on others.
TEST_F(AioTest, UnsuitableReadsDoNotCountAsFailedAttempts) {
  const Fd file = scratch_.Open("data", Pattern(1 << 20));
  const Fd direct(open(scratch_.Path("data").c_str(), O_RDONLY | O_DIRECT));
  const Pipe pipe;
  pipe.Put("0123456789");
  alignas(4096) static char back[1 << 20];
  const iovec one = {back, 1};
  if (preadv2(file.get(), &one, 1, 0, RWF_NOWAIT) != 1) {
    GTEST_SKIP() << "no RWF_NOWAIT here";
  }
  iocb large = Block(IOCB_CMD_PREAD, file, back, sizeof(back));
  iocb stream = Block(IOCB_CMD_PREAD, pipe.read_end, back, 1);
  iocb uncached = Block(IOCB_CMD_PREAD, direct, back, 4096);
  for (int i = 0; i < 10; ++i) {
    for (iocb* read : {&large, &stream, &uncached}) {
      if (read == &uncached && direct.get() < 0) continue;
      EXPECT_EQ(Submit(read), 1);
      EXPECT_EQ(Next(), static_cast<int64_t>(read->aio_nbytes));
    }
  }
  EXPECT_EQ(aio_.counts().cached, 0u);
  iocb small = Block(IOCB_CMD_PREAD, file, back, 1);
  EXPECT_EQ(Submit(&small), 1);
  EXPECT_EQ(Next(), 1);
  EXPECT_EQ(aio_.counts().cached, 1u);
}

TEST(AioEndTest, DestructorWaitsForRequestsInFlight) {
  const Scratch scratch;
  const Fd file = scratch.Open("data");
  std::string text = Pattern(1 << 20);
  {
    Aio aio;
    aio_context_t context = 0;
    ASSERT_EQ(aio.Setup(8, &context), 0);
    iocb write = Block(IOCB_CMD_PWRITE, file, text.data(), text.size());
    iocb* blocks[] = {&write};
    EXPECT_EQ(aio.Submit(context, 1, blocks), 1);
  }
  EXPECT_TRUE(Contents(scratch.Path("data")) == text);
}

}  // namespace
}  // namespace libaio
}  // namespace uasio
