// Streams on a full disk: the writer that fails gets the error, flushed data is
// not lost, and other writers go on.

#include <string>

#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/mount.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kDiskBytes = 1 << 20;

class StreamsFullDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.why_not().empty()) GTEST_SKIP() << disk_.why_not();
  }

  Writer Create(const std::string& name) {
    WriterOptions options;
    options.queue = &queue_;
    auto writer = Writer::Open(disk_.Path(name), options);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }

  static void ExpectFull(const absl::Status& status, const std::string& name) {
    EXPECT_NE(status.message().find("ENOSPC (No space left on device)"),
              std::string::npos)
        << status;
    EXPECT_NE(status.message().find(name), std::string::npos) << status;
  }

  const SmallFileSystem disk_{"1m"};  // Before any thread starts.
  Queue queue_;
};

TEST_F(StreamsFullDiskTest, OnlyTheWriterThatFailsGetsTheError) {
  Writer small = Create("small");
  EXPECT_TRUE(small.Write("abc") && small.Flush().ok());
  Writer large = Create("large");
  EXPECT_TRUE(large.Write("begin") && large.Flush().ok());
  large.Write(Pattern(2 * kDiskBytes));
  ExpectFull(large.Close(), disk_.Path("large"));
  EXPECT_TRUE(small.ok());
  EXPECT_EQ(Contents(disk_.Path("large")).substr(0, 5), "begin");
  EXPECT_TRUE(Writer::Open(disk_.Path("large"))->Close().ok());  // Makes room.
  EXPECT_TRUE(small.Write("def") && small.Close().ok());
  EXPECT_EQ(Contents(disk_.Path("small")), "abcdef");
  EXPECT_TRUE(queue_.Sync().ok());
}

TEST_F(StreamsFullDiskTest, PreallocateFailsBeforeTheDataIsWritten) {
  Writer writer = Create("file");
  EXPECT_TRUE(writer.Write("abc"));
  EXPECT_FALSE(writer.Preallocate(2 * kDiskBytes));
  ExpectFull(writer.Close(), disk_.Path("file"));
  EXPECT_LE(Contents(disk_.Path("file")).size(), 3u);
}

}  // namespace
}  // namespace uasio
