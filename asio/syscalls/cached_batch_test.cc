// A CachedBatch must read what ReadIfCached() reads, and refuse the rest.

#include "asio/syscalls/cached_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "asio/syscalls/perform.h"
#include "asio/testing/child.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "asio/testing/transfer.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kBlocks = 16;

// Whether batches are worth it after so many reads that the setup is due.
bool IsSetUp(CachedBatch* batch) {
  for (size_t i = 0; i < CachedBatch::kReadsBeforeSetup; i += kBlocks) {
    if (batch->IsWorth(kBlocks)) return true;
  }
  return false;
}

// Reads from a file in the page cache.  The parameter: the ring is read.
class CachedBatchTest : public testing::TestWithParam<bool> {
 protected:
  CachedBatchTest() : batch_(GetParam()) {}

  void SetUp() override {
    char byte;
    Transfer t = NewTransfer(Op::kRead, file_.get(), 0, &byte, 1);
    if (ReadIfCached(&t) != 1) GTEST_SKIP() << "no RWF_NOWAIT here";
    if (!IsSetUp(&batch_)) GTEST_SKIP() << "the kernel has no KAIO here";
  }

  // A read of `length` bytes into memory of its own.
  void Add(int fd, int64_t offset, size_t length) {
    buffers_.emplace_back(length, '\0');
    reads_.push_back(
        NewTransfer(Op::kRead, fd, offset, buffers_.back().data(), length));
  }

  std::vector<int64_t> Read() {
    std::vector<Transfer*> pointers;
    for (Transfer& t : reads_) pointers.push_back(&t);
    std::vector<int64_t> results(reads_.size(), 12345);
    batch_.Read(pointers.data(), pointers.size(), results.data());
    return results;
  }

  const Scratch scratch_;
  const std::string text_ = Pattern(kBlocks * kBlock - 100);
  const Fd file_ = scratch_.Open("file", text_);
  CachedBatch batch_;
  CachedBatch in_child_;  // A child has no contexts of its parent.
  std::vector<std::string> buffers_ = Reserved();
  std::vector<Transfer> reads_;

 private:
  static std::vector<std::string> Reserved() {
    std::vector<std::string> buffers;
    buffers.reserve(CachedBatch::kReadsMax);  // They must not move.
    return buffers;
  }
};

INSTANTIATE_TEST_SUITE_P(Ring, CachedBatchTest, testing::Bool());

TEST_P(CachedBatchTest, ReadsWhatIsCached) {
  for (size_t i = 0; i < kBlocks; ++i) {
    Add(file_.get(), static_cast<int64_t>(i * kBlock), kBlock);
  }
  const std::vector<int64_t> results = Read();
  for (size_t i = 0; i < kBlocks; ++i) {
    const std::string expected = text_.substr(i * kBlock, kBlock);
    EXPECT_EQ(results[i], static_cast<int64_t>(expected.size())) << i;
    EXPECT_EQ(reads_[i].done, expected.size());
    EXPECT_EQ(buffers_[i].substr(0, expected.size()), expected);
  }
}

TEST_P(CachedBatchTest, TheEndOfTheFileIsAResult) {
  Add(file_.get(), static_cast<int64_t>(text_.size()) - 1, 10);
  Add(file_.get(), static_cast<int64_t>(text_.size()), 10);
  Add(file_.get(), static_cast<int64_t>(text_.size()) + kBlock, 10);
  Add(file_.get(), 0, 0);
  EXPECT_EQ(Read(), (std::vector<int64_t>{1, 0, 0, 0}));
}

// What is refused as such does not keep the others.
TEST_P(CachedBatchTest, RefusedReadsAreForPerform) {
  const Fd writes_only(open(scratch_.Path("file").c_str(), O_WRONLY));
  Add(file_.get(), 0, 10);
  Add(-1, 0, 10);
  Add(writes_only.get(), 0, 10);
  Add(file_.get(), 10, 10);
  reads_.back().buffer = nullptr;
  Add(file_.get(), 10, 10);
  EXPECT_EQ(Read(), (std::vector<int64_t>{10, -EAGAIN, -EAGAIN, -EAGAIN, 10}));
  EXPECT_EQ(buffers_.back(), text_.substr(10, 10));
}

TEST_P(CachedBatchTest, ContinuesBehindWhatIsDone) {
  for (size_t i = 0; i < CachedBatch::kReadsMax; ++i) {
    Add(file_.get(), 100, 50);
    reads_.back().done = 20;
  }
  EXPECT_EQ(Read(), std::vector<int64_t>(CachedBatch::kReadsMax, 50));
  for (const std::string& read : buffers_) {
    ASSERT_EQ(read, std::string(20, '\0') + text_.substr(120, 30));
  }
}

TEST_P(CachedBatchTest, SuitsReadsOfOneBufferAtAnOffset) {
  Add(file_.get(), 0, 10);
  Transfer t = reads_.front();
  EXPECT_TRUE(CachedBatch::Suits(t));
  t.offset = kFilePosition;
  EXPECT_FALSE(CachedBatch::Suits(t));
  t = reads_.front();
  t.flags = RWF_HIPRI;
  EXPECT_FALSE(CachedBatch::Suits(t));
  t = reads_.front();
  t.op = Op::kReadv;
  EXPECT_FALSE(CachedBatch::Suits(t));
  t = reads_.front();
  t.traits.direct = true;
  EXPECT_FALSE(CachedBatch::Suits(t));
  t = reads_.front();
  t.length = kCachedBytesMax + 1;
  EXPECT_FALSE(CachedBatch::Suits(t));
}

TEST(CachedBatchSetupTest, WaitsForManyReadsInBatches) {
  CachedBatch batch;
  for (size_t i = 0; i < CachedBatch::kReadsBeforeSetup; ++i) {
    EXPECT_FALSE(batch.IsWorth(CachedBatch::kReadsMin - 1));
  }
  for (size_t i = kBlocks; i < CachedBatch::kReadsBeforeSetup; i += kBlocks) {
    EXPECT_FALSE(batch.IsWorth(kBlocks));
  }
}

// All of the batch is for Perform(), and no further batch is tried.
TEST_P(CachedBatchTest, ASystemThatRefusesTheCallIsNotAskedAgain) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  for (size_t i = 0; i < kBlocks; ++i) Add(file_.get(), 0, 10);
  const ChildOutcome outcome = RunInChild([this] {
    if (!IsSetUp(&in_child_)) return 2;
    RefuseCalls({{SYS_io_submit, EPERM}});
    std::vector<Transfer*> pointers;
    for (Transfer& t : reads_) pointers.push_back(&t);
    int64_t results[kBlocks] = {};
    in_child_.Read(pointers.data(), kBlocks, results);
    for (const int64_t result : results) {
      if (result != -EAGAIN) return 3;
    }
    return in_child_.IsWorth(kBlocks) ? 4 : 0;
  });
  EXPECT_EQ(outcome.status, 0);
}

[[noreturn]] void SetUpWithoutKaio() {
  RefuseCalls({{SYS_io_setup, ENOSYS}});
  CachedBatch batch;
  std::exit(IsSetUp(&batch) || IsSetUp(&batch) ? 1 : 0);
}

TEST(CachedBatchDeathTest, IsNeverWorthItWithoutKaio) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  EXPECT_EXIT(SetUpWithoutKaio(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace uasio
