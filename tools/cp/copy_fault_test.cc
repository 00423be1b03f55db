// Copies with an injected fault at each read and write.

#include <fcntl.h>

#include <memory>
#include <string>
#include <utility>

#include "asio/backends/fault.h"
#include "asio/testing/one_call_backend.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/cp/copy.h"
#include "tools/cp/copy_testing.h"
#include "tools/cp/progress.h"

namespace uasio {
namespace {

using testing::HasSubstr;

constexpr size_t kBlocks = 20;
constexpr size_t kBlockBytes = 4096;
constexpr size_t kDepth = 4;

// Copies kBlocks blocks and a partial one.
class CopyFaultTest : public testing::Test {
 protected:
  absl::Status CopyWith(FaultOptions options) {
    auto faults = std::make_unique<FaultBackend>(
        std::move(options), std::make_unique<OneCallBackend>());
    QueueOptions queue_options;
    queue_options.buffer_bytes = kBlockBytes;
    queue_options.writebacks_max = kDepth;
    queue_options.depth_max = queue_options.requests_max = 2 * kDepth;
    Queue queue(queue_options, std::move(faults));
    const File source = OpenFile(source_, O_RDONLY);
    const File target = OpenFile(target_, O_RDWR | O_TRUNC);
    Progress progress(Progress::When::kNever);
    const absl::Status status =
        CopyFile(&queue, {&source, false}, {&target, false}, kDepth, &progress)
            .status();
    EXPECT_EQ(queue.in_flight(), 0u);
    EXPECT_TRUE(queue.ledger().accounts().empty());
    return status;
  }

  Scratch scratch_;
  const std::string data_ = Pattern(kBlocks * kBlockBytes + 77);
  const std::string source_ = scratch_.NewFile("source", data_);
  const std::string target_ = scratch_.NewFile("target");
};

TEST_F(CopyFaultTest, AnyFailedReadFailsTheCopy) {
  for (size_t nth = 1; nth <= kBlocks + 1; ++nth) {
    FaultOptions options;
    options.script.push_back({FaultOptions::Kind::kRead, nth, Fault::kIoError});
    const absl::Status status = CopyWith(options);
    EXPECT_THAT(std::string(status.message()), HasSubstr("/source): EIO"))
        << nth;
  }
}

TEST_F(CopyFaultTest, AnyFailedWriteFailsTheCopy) {
  for (const Fault fault : {Fault::kIoError, Fault::kNoSpace}) {
    for (size_t nth = 1; nth <= kBlocks + 1; ++nth) {
      FaultOptions options;
      options.script.push_back({FaultOptions::Kind::kWrite, nth, fault});
      const absl::Status status = CopyWith(options);
      EXPECT_THAT(
          std::string(status.message()),
          HasSubstr(fault == Fault::kIoError ? "/target): EIO" : "ENOSPC"))
          << nth;
    }
  }
}

TEST_F(CopyFaultTest, FaultsThatTheQueueRetriesAreInvisible) {
  const uint64_t seed = TestSeed(1);
  for (uint64_t i = 0; i < 50; ++i) {
    FaultOptions options;
    options.seed = seed + i;
    options.reorder = true;
    for (const Fault fault :
         {Fault::kShort, Fault::kInterrupted, Fault::kTryAgain, Fault::kRefusal,
          Fault::kDelayed}) {
      options.rates[static_cast<size_t>(fault)] = 0.1;
    }
    const absl::Status status = CopyWith(options);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_TRUE(Contents(target_) == data_) << options.seed;
  }
}

}  // namespace
}  // namespace uasio
