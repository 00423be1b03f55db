// Many requests, threads and contexts.
//
// UASIO_LIBAIO_REQUESTS and UASIO_LIBAIO_CONTEXTS set the size of the tests.

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "asio/compat/libaio/aio.h"
#include "asio/testing/fd.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seed.h"
#include "gtest/gtest.h"

namespace uasio {
namespace libaio {
namespace {

constexpr int kThreads = 4;
constexpr size_t kFileBytes = 1 << 20;
constexpr size_t kBlockBytes = 512;

int64_t FromEnvironment(const char* name, int64_t value) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoll(text) : value;
}

// Four threads submit, cancel and reap on one context that they share.  From
// time to time one destroys the context and sets up the next.
class Stress {
 public:
  explicit Stress(int64_t requests)
      : file_(scratch_.Open("data", Pattern(kFileBytes))), left_(requests) {}

  void Run(uint64_t seed) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([this, seed, i] { Work(seed + i); });
    }
    for (std::thread& thread : threads) thread.join();
    aio_.Destroy(context_);
    std::printf("%lld accepted, %lld reaped\n",
                static_cast<long long>(submitted_),
                static_cast<long long>(reaped_));
    EXPECT_GT(reaped_, 0);
    EXPECT_EQ(wrong_, 0);
    EXPECT_LE(reaped_, submitted_);
  }

 private:
  // One request of a thread; outlives every context.
  struct Slot {
    iocb block;
    alignas(kBlockBytes) char data[kBlockBytes];
  };

  void Work(uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Slot> slots(256);
    while (left_ > 0) {
      const uint64_t dice = random();
      if (dice % 2000 == 0) {
        Replace();
      } else {
        Submit(&slots[random() % slots.size()], random);
      }
      if (dice % 8 == 0) Cancel(&slots[random() % slots.size()]);
      if (dice % 4 == 0) Reap(static_cast<int64_t>(random() % 8));
    }
  }

  // Submits a read of the file, a poll that never completes, or one that does.
  template <typename Random>
  void Submit(Slot* slot, Random& random) {
    iocb block = {};
    const uint64_t kind = random() % 16;
    if (kind < 14) {
      block.aio_lio_opcode = IOCB_CMD_PREAD;
      block.aio_fildes = static_cast<uint32_t>(file_.get());
      block.aio_buf = reinterpret_cast<uint64_t>(shared_);
      block.aio_nbytes = kBlockBytes;
      block.aio_offset =
          static_cast<int64_t>(random() % (kFileBytes / kBlockBytes)) *
          static_cast<int64_t>(kBlockBytes);
    } else {
      block.aio_lio_opcode = IOCB_CMD_POLL;
      block.aio_fildes = static_cast<uint32_t>(
          kind < 15 ? pipe_.read_end.get() : pipe_.write_end.get());
      block.aio_buf = kind < 15 ? POLLIN : POLLOUT;
      block.aio_data = block.aio_buf;  // For IsRight().
    }
    slot->block = block;
    iocb* blocks[] = {&slot->block};
    const int64_t result = aio_.Submit(context_, 1, blocks);
    if (result == 1) ++submitted_, --left_;
    if (result == -EAGAIN) Reap(8);
    // The context may be full of polls that never complete.
    if (result == -EAGAIN && random() % 64 == 0) Replace();
    if (result != 1 && result != -EAGAIN && result != -EINVAL) ++wrong_;
  }

  void Cancel(Slot* slot) {
    const int64_t result = aio_.Cancel(context_, &slot->block, nullptr);
    if (result != -EINPROGRESS && result != -EINVAL) ++wrong_;
  }

  void Reap(int64_t most) {
    io_event events[8];
    const timespec soon = {0, 100000};
    const int64_t got = aio_.GetEvents(context_, most / 2, most, events, &soon);
    if (got < 0 && got != -EINVAL) ++wrong_;
    for (int64_t i = 0; i < got; ++i) {
      ++reaped_;
      if (!IsRight(events[i])) ++wrong_;
    }
  }

  // The result of a poll is 0 if it was cancelled; only a POLLOUT completes.
  static bool IsRight(const io_event& event) {
    if (event.data == 0) return event.res == kBlockBytes;
    return event.res == 0 || (event.data == POLLOUT && event.res == POLLOUT);
  }

  // Several threads may destroy the same context; one of them installs the
  // next. Ids are reused, so a late thread may destroy that one as well.
  void Replace() {
    aio_context_t old = context_;
    Destroy(old);
    const aio_context_t fresh = NewContext(&aio_);
    if (!context_.compare_exchange_strong(old, fresh)) Destroy(fresh);
  }

  void Destroy(aio_context_t context) {
    const int64_t result = aio_.Destroy(context);
    if (result != 0 && result != -EINVAL) ++wrong_;
  }

  static aio_context_t NewContext(Aio* aio) {
    aio_context_t context = 0;
    EXPECT_EQ(aio->Setup(64, &context), 0);
    return context;
  }

  const Scratch scratch_;
  const Fd file_;
  const Pipe pipe_;
  alignas(kBlockBytes) char shared_[kBlockBytes];  // Never looked at.
  Aio aio_;
  std::atomic<aio_context_t> context_{NewContext(&aio_)};
  std::atomic<int64_t> left_, submitted_{0}, reaped_{0}, wrong_{0};
};

TEST(StressTest, FourThreadsShareOneContext) {
  const uint64_t seed = TestSeed(1);
  SCOPED_TRACE(testing::Message() << "UASIO_SEED=" << seed);
  Stress(FromEnvironment("UASIO_LIBAIO_REQUESTS", Scaled(100000))).Run(seed);
}

TEST(StressTest, EachEventIsReapedExactlyOnce) {
  constexpr size_t kSlots = 64;
  const int64_t rounds =
      FromEnvironment("UASIO_LIBAIO_REQUESTS", Scaled(100000)) / kThreads;
  const Scratch scratch;
  const Fd file = scratch.Open("data", Pattern(kFileBytes));
  AioOptions options;
  options.cached_reads = false;
  Aio aio(options);
  aio_context_t context = 0;
  ASSERT_EQ(aio.Setup(kThreads * kSlots, &context), 0);
  std::vector<std::atomic<int>> seen(static_cast<size_t>(rounds * kThreads));
  std::atomic<int64_t> left{rounds * kThreads};
  auto work = [&](int64_t first) {
    alignas(kBlockBytes) char data[kBlockBytes];
    int64_t submitted = 0;
    while (submitted < rounds || left > 0) {
      iocb block = {};
      block.aio_lio_opcode = IOCB_CMD_PREAD;
      block.aio_fildes = static_cast<uint32_t>(file.get());
      block.aio_buf = reinterpret_cast<uint64_t>(data);
      block.aio_data = static_cast<uint64_t>(first + submitted);
      iocb* blocks[] = {&block};
      if (submitted < rounds && aio.Submit(context, 1, blocks) == 1) {
        ++submitted;
      }
      io_event events[4];
      const timespec soon = {0, submitted < rounds ? 0 : 1000000};
      const int64_t got = aio.GetEvents(context, 1, 4, events, &soon);
      for (int64_t i = 0; i < got; ++i) ++seen[events[i].data];
      if (got > 0) left -= got;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i * rounds);
  for (std::thread& thread : threads) thread.join();
  for (const std::atomic<int>& count : seen) ASSERT_EQ(count, 1);
  EXPECT_EQ(aio.Destroy(context), 0);
}

TEST(StressTest, ManyContextsWorkAtTheSameTime) {
  const int64_t count =
      FromEnvironment("UASIO_LIBAIO_CONTEXTS", kSanitized ? 6000 : 60000);
  const Scratch scratch;
  const Fd file = scratch.Open("data", "0123456789");
  Aio aio;
  std::vector<aio_context_t> contexts(static_cast<size_t>(count));
  for (aio_context_t& context : contexts) ASSERT_EQ(aio.Setup(1, &context), 0);
  for (aio_context_t context : contexts) {
    char data[10];
    iocb block = {};
    block.aio_fildes = static_cast<uint32_t>(file.get());
    block.aio_buf = reinterpret_cast<uint64_t>(data);
    block.aio_nbytes = sizeof(data);
    iocb* blocks[] = {&block};
    ASSERT_EQ(aio.Submit(context, 1, blocks), 1);
    io_event event;
    ASSERT_EQ(aio.GetEvents(context, 1, 1, &event, nullptr), 1);
    ASSERT_EQ(event.res, 10);
  }
  for (aio_context_t context : contexts) ASSERT_EQ(aio.Destroy(context), 0);
}

}  // namespace
}  // namespace libaio
}  // namespace uasio
