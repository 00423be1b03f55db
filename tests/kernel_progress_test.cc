// The contract: "Progress" of direct I/O: requests that the kernel or the
// workers have accepted finish while the owner computes, and Submit() is cheap.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kBytes = 64 << 10;
constexpr size_t kBlocks = kBytes / BlockBytes(/*direct=*/true);
constexpr size_t kRequests = 16;

class KernelProgressTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped()) return;
    UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
    const BlockFile probe(/*direct=*/true, "");
    if (!probe.why_buffered().empty()) GTEST_SKIP() << probe.why_buffered();
  }
};
UASIO_INSTANTIATE_BACKENDS(KernelProgressTest);

// These tests make no call into the queue between Submit() and the end of the
// transfers.

// Memory that the test can read as a file while a backend writes to it.
struct VisibleMemory {
  explicit VisibleMemory(size_t size)
      : fd(memfd_create("uasio", MFD_CLOEXEC)), size(size) {
    EXPECT_EQ(ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    void* mapped =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    EXPECT_NE(mapped, MAP_FAILED);
    data = static_cast<char*>(mapped);
  }
  ~VisibleMemory() { munmap(data, size); }

  char At(size_t offset) const {
    char byte = 0;
    EXPECT_EQ(pread(fd.get(), &byte, 1, static_cast<off_t>(offset)), 1);
    return byte;
  }

  const Fd fd;
  const size_t size;
  char* data;
};

TEST_P(KernelProgressTest, DirectReadsFinishWhileTheOwnerComputes) {
  const BlockFile file(/*direct=*/true, std::string(kRequests * kBlocks, 'x'));
  const VisibleMemory memory(kRequests * kBytes);
  const auto queue = MakeQueue();
  std::vector<Request*> reads;
  for (size_t at = 0; at < memory.size; at += kBytes) {
    reads.push_back(Prepare(queue.get(), Op::kRead, file.fd(),
                            static_cast<int64_t>(at), kBytes));
    reads.back()->buffer = memory.data + at;
  }
  queue->Submit(reads);
  const absl::Time deadline = TestDeadline();
  for (size_t end = kBytes; end <= memory.size; end += kBytes) {
    while (memory.At(end - 1) != 'x') ASSERT_LT(absl::Now(), deadline);
  }
  EXPECT_EQ(FinishAll(queue.get()), reads.size());
}

// Writes that extend the file, and writes that do not.
TEST_P(KernelProgressTest, DirectWritesFinishWhileTheOwnerComputes) {
  for (const std::string& old : {std::string(), std::string(kBlocks, 'o')}) {
    const BlockFile file(/*direct=*/true, old);
    const auto queue = MakeQueue();
    for (size_t i = 0; i < kRequests; ++i) {
      SubmitWrite(queue.get(), Op::kWriteBack, file.fd(),
                  static_cast<int64_t>(i * kBytes), std::string(kBytes, 'x'));
    }
    const absl::Time deadline = TestDeadline();
    while (file.Text() != std::string(kRequests * kBlocks, 'x')) {
      ASSERT_LT(absl::Now(), deadline);
    }
    EXPECT_TRUE(queue->Sync().ok());
  }
}

struct Cost {
  absl::Duration submit;    // Until Submit() returns.
  absl::Duration transfer;  // Until all requests are done.
  double share() const { return absl::FDivDuration(submit, transfer); }
};

// The cost of appending 8 MiB.
Cost CostOfAppending(Queue* queue) {
  constexpr size_t kPieces = 8;
  const BlockFile file(/*direct=*/true, "");
  std::vector<Request*> batch;
  for (size_t i = 0; i < kPieces; ++i) {
    batch.push_back(PrepareWrite(queue, Op::kWrite, file.fd(),
                                 static_cast<int64_t>(i << 20),
                                 std::string(1 << 20, 'x')));
  }
  const absl::Time begin = absl::Now();
  queue->Submit(batch);
  const absl::Time submitted = absl::Now();
  EXPECT_EQ(FinishAll(queue), kPieces);
  return {submitted - begin, absl::Now() - begin};
}

// Takes the best of many tries, since other load on the system slows some down.
TEST_P(KernelProgressTest, SubmittingAppendsTakesATenthOfTheTransferAtMost) {
  QueueOptions options;
  options.buffer_bytes = 1 << 20;
  const auto queue = MakeQueue(options);
  constexpr int kTries = 40;
  Cost best = CostOfAppending(queue.get());
  for (int i = 1; i < kTries && best.share() >= 0.1; ++i) {
    const Cost cost = CostOfAppending(queue.get());
    if (cost.share() < best.share()) best = cost;
  }
  EXPECT_LT(best.share(), 0.1) << best.submit << " of " << best.transfer;
  std::printf("%s: submit %s of %s\n", GetParam().name.c_str(),
              absl::FormatDuration(best.submit).c_str(),
              absl::FormatDuration(best.transfer).c_str());
}

}  // namespace
}  // namespace uasio
