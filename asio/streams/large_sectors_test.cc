// Streams on a disk with sectors of 16 KiB.

#include "asio/testing/large_sectors.h"

#include <fcntl.h>

#include <string>

#include "asio/file.h"
#include "asio/streams/stream_testing.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class LargeSectorsTest : public StreamTest {
 protected:
  void SetUp() override {
    const auto file = File::Open(scratch_.NewFile("probe"), O_RDWR);
    ASSERT_TRUE(file.ok()) << file.status();
    if (!file->direct()) GTEST_SKIP() << file->why_buffered();
    ASSERT_EQ(file->alignment().offset_bytes, kLargeSector);
  }

  static QueueOptions TwoSectors() {
    QueueOptions options;
    options.buffer_bytes = 2 * kLargeSector + 4096;
    return options;
  }

  StreamOptions OnSectors() {
    StreamOptions options;
    options.queue = &sectors_;
    return options;
  }

  Queue sectors_{TwoSectors()};
};

TEST_F(LargeSectorsTest, WhatIsWrittenIsReadBackExactly) {
  const std::string contents = Pattern(7 * kLargeSector + 5001);
  WriterOptions writing;
  writing.queue = &sectors_;
  auto writer = Writer::Open(Path(), writing);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_TRUE(writer->file().direct());
  EXPECT_TRUE(writer->Write(contents));
  EXPECT_TRUE(writer->Close().ok()) << writer->status();
  EXPECT_TRUE(Contents() == contents);
  ReaderOptions reading;
  reading.mode = File::Mode::kDirect;
  reading.queue = &sectors_;
  auto reader = Reader::Open(Path(), reading);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_TRUE(ReadAll(&*reader) == contents);
  EXPECT_TRUE(reader->Close().ok()) << reader->status();
}

TEST_F(LargeSectorsTest, AWriterInTheMiddleKeepsTheRestOfItsSectors) {
  std::string contents = Pattern(5 * kLargeSector + 100);
  scratch_.NewFile("file", contents);
  WriterOptions options;
  options.queue = &sectors_;
  options.existing = Existing::kKeep;
  options.offset = kLargeSector + 77;
  auto writer = Writer::Open(Path(), options);
  ASSERT_TRUE(writer.ok()) << writer.status();
  const std::string bytes(2 * kLargeSector, 'x');
  EXPECT_TRUE(writer->Write(bytes));
  EXPECT_TRUE(writer->Close().ok()) << writer->status();
  contents.replace(kLargeSector + 77, bytes.size(), bytes);
  EXPECT_TRUE(Contents() == contents);
}

TEST_F(LargeSectorsTest, ABufferSmallerThanASectorIsAnErrorInWords) {
  ReaderOptions options;
  options.mode = File::Mode::kDirect;
  options.queue = &queue_;
  const auto reader = Reader::Open(Path("probe"), options);
  EXPECT_EQ(reader.status().message(),
            Path("probe") +
                ": direct I/O needs multiples of 16384 bytes; the queue's "
                "buffers have 4096 bytes, aligned to 4096");
}

}  // namespace
}  // namespace uasio
