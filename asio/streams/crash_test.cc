// A simulated crash undoes what a Writer has not synced, and leaves the file
// with a size that the Writer has given it.

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "asio/backends/fault_testing.h"
#include "asio/backends/table.h"
#include "asio/queue.h"
#include "asio/streams/writer.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kSyncedBytes = 100000;

class StreamsCrashTest : public testing::Test {
 protected:
  // Calls test(&writer) on each backend that may be below the faults;
  // the writer has written and synced Pattern(kSyncedBytes).
  template <typename Test>
  void ForEachBackend(Test test) {
    for (const BackendVerdict& verdict : ProbeBackends()) {
      if (verdict.name == "worker" || !verdict.status.ok()) continue;
      SCOPED_TRACE(verdict.name);
      auto wrapped = NewBackend(verdict.name, 64);
      ASSERT_TRUE(wrapped.ok()) << wrapped.status();
      FaultOptions faults;
      faults.can_crash = true;
      FaultyQueue q(faults, *std::move(wrapped));
      WriterOptions options;
      options.queue = &q.queue;
      auto writer = Writer::Open(Path(), options);
      ASSERT_TRUE(writer.ok()) << writer.status();
      EXPECT_TRUE(writer->Write(Pattern(kSyncedBytes)));
      EXPECT_TRUE(writer->Fsync().ok()) << writer->status();
      test(&*writer);
      const absl::Status crashed = q.faults->Crash();
      EXPECT_TRUE(crashed.ok()) << crashed;
      ExpectContents();
      EXPECT_TRUE(writer->Close().ok()) << writer->status();
    }
  }

  void ExpectContents() const {
    const std::string found = Contents(Path());
    EXPECT_EQ(found.size(), wanted_bytes_);
    EXPECT_TRUE(found == Pattern(wanted_bytes_));
  }

  std::string Path() const { return scratch_.Path("file"); }

  const Scratch scratch_;
  size_t wanted_bytes_ = kSyncedBytes;
};

TEST_F(StreamsCrashTest, WhatIsFlushedBehindTheSyncedBytesIsLost) {
  ForEachBackend([](Writer* writer) {
    EXPECT_TRUE(writer->Write("unsynced") && writer->Flush().ok());
    EXPECT_TRUE(writer->Write(std::string(kSyncedBytes, 'u')));
    EXPECT_TRUE(writer->Flush().ok());
  });
}

// The file had 5,120 bytes once, a size that it could never have had.
TEST_F(StreamsCrashTest, AFileTruncatedByItsWriterHasThatSize) {
  wanted_bytes_ = 5000;
  ForEachBackend([](Writer* writer) {
    EXPECT_TRUE(writer->Seek(0));
    EXPECT_TRUE(writer->Write(std::string(20000, 'u')));
    EXPECT_TRUE(writer->Truncate(5000));
  });
}

}  // namespace
}  // namespace uasio
