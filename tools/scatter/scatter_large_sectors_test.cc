// Splitting and merging on a disk with sectors of 16 KiB.

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/large_sectors.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "tools/scatter/scatter.h"

namespace uasio {
namespace {

std::string Lines(size_t count) {
  std::string lines;
  for (size_t i = 0; i < count; ++i) {
    absl::StrAppend(&lines, i, Pattern(i % 97), "\n");
  }
  return lines;
}

QueueOptions TwoSectors() {
  QueueOptions options;
  options.buffer_bytes = 2 * kLargeSector;
  return options;
}

class ScatterLargeSectorsTest : public testing::Test {
 protected:
  // Whether files here are direct, and so have these sectors.
  void SetUp() override {
    const Reader reader = Open(scratch_.NewFile("probe", "x"));
    if (!reader.file().direct()) GTEST_SKIP() << reader.file().why_buffered();
    ASSERT_EQ(reader.file().alignment().offset_bytes, kLargeSector);
  }

  Reader Open(const std::string& path) {
    ReaderOptions options;
    options.mode = File::Mode::kDirect;
    options.queue = &queue_;
    auto reader = Reader::Open(path, options);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }

  ScatterOptions Options(bool by_hash, size_t record_bytes) {
    ScatterOptions options;
    options.prefix = scratch_.Path(absl::StrCat(by_hash, "-", record_bytes));
    options.parts = 7;
    options.by_hash = by_hash;
    options.record_bytes = record_bytes;
    options.streams.queue = &queue_;
    return options;
  }

  void ExpectRestored(const std::string& contents,
                      const ScatterOptions& options) {
    Reader in = Open(scratch_.NewFile("source", contents));
    const absl::Status split = SplitRecords(&in, options);
    EXPECT_TRUE(split.ok()) << split;
    WriterOptions writing;
    writing.queue = &queue_;
    auto out = Writer::Open(scratch_.Path("merged"), writing);
    ASSERT_TRUE(out.ok()) << out.status();
    const absl::Status merged = MergeRecords(options, &*out);
    EXPECT_TRUE(merged.ok()) << merged;
    EXPECT_TRUE(in.Close().ok() && out->Close().ok());
    EXPECT_TRUE(Contents(scratch_.Path("merged")) == contents);
  }

  const Scratch scratch_;
  Queue queue_{TwoSectors()};
};

TEST_F(ScatterLargeSectorsTest, SplittingAndMergingRestoresTheFile) {
  const std::string contents = Lines(10000) + "no newline";
  for (const bool by_hash : {false, true}) {
    for (const size_t record_bytes : {0, 100, 20000}) {
      SCOPED_TRACE(absl::StrCat(by_hash, " ", record_bytes));
      ExpectRestored(contents, Options(by_hash, record_bytes));
    }
  }
}

}  // namespace
}  // namespace uasio
