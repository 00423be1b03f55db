// Memory stays flat: a writer that streams by write-backs uses little more than
// its buffers, however much it writes.
//
//   bazel test --test_env=UASIO_STREAMED_MIB=65536 //tests:memory_test

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/requests.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr int64_t kStreamedMib = Scaled(8192);
constexpr int64_t kFileMib = 64;  // Overwritten again and again.
constexpr int64_t kAllowanceKib = 16 << 10;

int64_t StreamedMib() {
  const char* text = std::getenv("UASIO_STREAMED_MIB");
  return text != nullptr ? std::atoll(text) : kStreamedMib;
}

// The value of "VmRSS:" (now) or "VmHWM:" (peak).
int64_t StatusKib(const std::string& key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    int64_t kib;
    if (word == key && status >> kib) return kib;
  }
  ADD_FAILURE() << "no " << key << " in /proc/self/status";
  return 0;
}

void Stream(Queue* queue, const File& file) {
  const size_t bytes = queue->options().buffer_bytes;
  const int64_t per_round = (kFileMib << 20) / static_cast<int64_t>(bytes);
  const int64_t writes = (StreamedMib() << 20) / static_cast<int64_t>(bytes);
  for (int64_t i = 0; i < writes; ++i) {
    Request* r = Prepare(queue, Op::kWriteBack, file.fd(),
                         i % per_round * static_cast<int64_t>(bytes), bytes);
    std::memset(r->buffer, static_cast<int>(i), bytes);
    queue->Submit(r);
  }
  EXPECT_TRUE(queue->Sync().ok());
}

class MemoryTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(MemoryTest);

TEST_P(MemoryTest, StaysFlatWhileMuchIsWritten) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer's own memory grows";
  const ScratchFile scratch;
  auto file = File::Open(scratch.path(), O_RDWR, 0);
  ASSERT_TRUE(file.ok()) << file.status();
  QueueOptions options;
  options.buffer_bytes = 256 << 10;
  options.requests_max = 40;
  options.writebacks_max = 32;
  const int64_t buffers_kib =
      static_cast<int64_t>(options.buffer_bytes * options.requests_max) >> 10;
  std::ofstream("/proc/self/clear_refs") << 5;  // Resets VmHWM.
  const int64_t before = StatusKib("VmRSS:");
  {
    const auto queue = MakeQueue(options);
    Stream(queue.get(), *file);
    EXPECT_LE(StatusKib("VmRSS:") - before, buffers_kib + kAllowanceKib);
  }
  EXPECT_LE(StatusKib("VmHWM:") - before, buffers_kib + kAllowanceKib);
}

}  // namespace
}  // namespace uasio
