// When a read fails, a Reader still returns all bytes before it, and a Writer
// does not overwrite the bytes that it could not read.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "asio/backends/fault.h"
#include "asio/backends/sync.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kBlock = 4096;

// A queue whose nth read fails.
struct FailingQueue {
  explicit FailingQueue(uint64_t nth) : queue(Options(), Failing(nth)) {}

  static QueueOptions Options() {
    QueueOptions options;
    options.buffer_bytes = kBlock;
    options.requests_max = 16;
    return options;
  }

  static std::unique_ptr<Backend> Failing(uint64_t nth) {
    FaultOptions faults;
    faults.script.push_back({FaultOptions::Kind::kRead, nth, Fault::kIoError});
    return std::make_unique<FaultBackend>(faults,
                                          std::make_unique<SyncBackend>());
  }

  Queue queue;
};

void ExpectEio(const absl::Status& status, const std::string& path,
               int64_t offset) {
  const std::string message(status.message());
  EXPECT_TRUE(absl::StrContains(message, "EIO")) << message;
  EXPECT_TRUE(absl::StrContains(message, path)) << message;
  EXPECT_TRUE(absl::StrContains(message, absl::StrCat("at offset ", offset)))
      << message;
}

// From offset 100, Write() reads the first sector; from 0, Close() the last
// one.
TEST(FailedReadTest, BytesThatCannotBeReadAreNotOverwritten) {
  const Scratch scratch;
  const std::string before = Pattern(2 * kBlock + 5);
  const std::string path = scratch.NewFile("file", before);
  for (const int64_t at : {100, 0}) {
    FailingQueue q(1);
    WriterOptions options;
    options.queue = &q.queue;
    options.existing = WriterOptions::Existing::kKeep;
    options.offset = at;
    auto writer = Writer::Open(path, options);
    ASSERT_TRUE(writer.ok()) << writer.status();
    if (!writer->file().direct()) {
      EXPECT_TRUE(writer->Close().ok());
      GTEST_SKIP() << writer->file().why_buffered();
    }
    EXPECT_EQ(writer->Write("abc"), at == 0);
    ExpectEio(writer->Close(), path, 0);
    EXPECT_TRUE(Contents(path) == before) << at;
  }
}

TEST(FailedReadTest, IsReportedAfterAllBytesBeforeIt) {
  constexpr uint64_t kBlocks = 20;
  const Scratch scratch;
  const std::string contents = Pattern(kBlocks * kBlock);
  const std::string path = scratch.NewFile("file", contents);
  for (uint64_t nth = 1; nth <= kBlocks; ++nth) {
    FailingQueue q(nth);
    ReaderOptions options;
    options.mode = File::Mode::kDirect;
    options.queue = &q.queue;
    auto reader = Reader::Open(path, options);
    ASSERT_TRUE(reader.ok()) << reader.status();
    std::string read(contents.size(), '\0');
    read.resize(reader->Read(&read[0], read.size()));
    const size_t good = static_cast<size_t>(nth - 1) * kBlock;
    EXPECT_EQ(read.size(), good);
    EXPECT_TRUE(read == contents.substr(0, good)) << nth;
    ExpectEio(reader->status(), path, static_cast<int64_t>(good));
    EXPECT_EQ(reader->Close(), reader->status());
  }
}

}  // namespace
}  // namespace uasio
