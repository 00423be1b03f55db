// An Aio where there is no memory left.

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstdlib>
#include <new>

#include "asio/compat/libaio/aio.h"
#include "asio/fd_testing.h"
#include "gtest/gtest.h"

namespace {

// How many allocations of this thread succeed from here on; -1: all.
thread_local int allocations_left = -1;

void* Allocate(size_t bytes) {
  if (allocations_left == 0) return nullptr;
  if (allocations_left > 0) --allocations_left;
  return std::malloc(bytes);
}

}  // namespace

void* operator new(size_t bytes) {
  void* memory = Allocate(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace uasio {
namespace libaio {
namespace {

// What is given out before it fails is given back.
TEST(AioMemoryTest, SetupIsAnErrorWhereverMemoryEnds) {
  AioOptions options;
  options.events_max = 8;
  Aio aio(options);
  aio_context_t context = 0;
  int64_t result = -ENOMEM;
  int failures = 0;
  while (result == -ENOMEM && failures < 100) {
    allocations_left = failures;
    result = aio.Setup(8, &context);
    allocations_left = -1;
    failures += result == -ENOMEM ? 1 : 0;
  }
  EXPECT_EQ(result, 0);
  EXPECT_GE(failures, 3);  // The context, its pointer, its place in the table.
}

TEST(AioMemoryTest, APollIsAnErrorWhereverMemoryEnds) {
  const fd_testing::Pipe pipe;  // Open for as long as it is polled.
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
    allocations_left = failures;
    result = aio.Submit(context, 1, blocks);
    allocations_left = -1;
    failures += result == -EAGAIN ? 1 : 0;
  }
  EXPECT_EQ(result, 1);
  EXPECT_GE(failures, 2);  // The job, its place among what is watched.
}

// Without a thread, the submitter reads.
TEST(AioMemoryTest, AReadIsDoneOrAnErrorWhereverMemoryEnds) {
  const fd_testing::Scratch scratch;
  const fd_testing::Fd file = scratch.Open("data", "0123456789");
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
    allocations_left = left;
    const int64_t result = aio.Submit(context, 1, blocks);
    allocations_left = -1;
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
