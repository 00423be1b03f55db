// An Aio without memory.  Each test repeats a call, and allows one more
// allocation each time.

#include <poll.h>

#include <cerrno>
#include <cstdint>

#include "asio/compat/libaio/aio.h"
#include "asio/testing/fd.h"
#include "asio/testing/memory_end.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace libaio {
namespace {

// A failed Setup() releases its events, so that the last one succeeds.
TEST(AioMemoryTest, SetupReturnsEnomemWhereverMemoryEnds) {
  AioOptions options;
  options.events_max = 8;
  Aio aio(options);
  aio_context_t context = 0;
  int64_t result = -ENOMEM;
  int failures = 0;
  while (result == -ENOMEM && failures < 100) {
    {
      const MemoryEnd end(failures);
      result = aio.Setup(8, &context);
    }
    failures += result == -ENOMEM ? 1 : 0;
  }
  EXPECT_EQ(result, 0);
  EXPECT_GE(failures, 3);  // The context, its pointer, its table entry.
}

TEST(AioMemoryTest, SubmitOfAPollReturnsEagainWhereverMemoryEnds) {
  const Pipe pipe;  // Open for as long as it is polled.
  Aio aio;
  aio_context_t context = 0;
  ASSERT_EQ(aio.Setup(8, &context), 0);
  iocb poll = {};
  poll.aio_lio_opcode = IOCB_CMD_POLL;
  poll.aio_fildes = static_cast<uint32_t>(pipe.read_end.get());
  poll.aio_buf = POLLIN;
  iocb* blocks[] = {&poll};
  int64_t result = -EAGAIN;
  int failures = 0;
  while (result == -EAGAIN && failures < 100) {
    {
      const MemoryEnd end(failures);
      result = aio.Submit(context, 1, blocks);
    }
    failures += result == -EAGAIN ? 1 : 0;
  }
  EXPECT_EQ(result, 1);
  EXPECT_GE(failures, 2);  // The job, its entry in the watched fds.
}

// If no thread can start, the submitter performs the read.
TEST(AioMemoryTest, SubmitOfAReadWorksOrReturnsEagainWhereverMemoryEnds) {
  const Scratch scratch;
  const Fd file = scratch.Open("data", "0123456789");
  AioOptions options;
  options.cached_reads = false;
  Aio aio(options);
  aio_context_t context = 0;
  ASSERT_EQ(aio.Setup(8, &context), 0);
  char back[10];
  iocb read = {};
  read.aio_lio_opcode = IOCB_CMD_PREAD;
  read.aio_fildes = static_cast<uint32_t>(file.get());
  read.aio_buf = reinterpret_cast<uint64_t>(back);
  read.aio_nbytes = sizeof(back);
  iocb* blocks[] = {&read};
  for (int left = 0; left < 5; ++left) {
    int64_t result;
    {
      const MemoryEnd end(left);
      result = aio.Submit(context, 1, blocks);
    }
    EXPECT_EQ(result, left == 0 ? -EAGAIN : 1) << left;  // The job.
    io_event event = {};
    if (result != 1) continue;
    EXPECT_EQ(aio.GetEvents(context, 1, 1, &event, nullptr), 1);
    EXPECT_EQ(event.res, 10);
  }
}

}  // namespace
}  // namespace libaio
}  // namespace uasio
