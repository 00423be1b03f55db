// Readers with an end: many share one file, and each reads its part of it.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "asio/streams/copy.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class RangeTest : public BackendTest {
 protected:
  static constexpr size_t kBlock = 4096;

  static QueueOptions Options() {
    QueueOptions options;
    options.buffer_bytes = kBlock;
    options.requests_max = 80;
    options.threads_max = 4;
    return options;
  }

  void Make(const std::string& contents) {
    scratch_ = std::make_unique<ScratchFile>(contents);
    auto file = File::Open(
        scratch_->path(), O_RDWR, 0,
        GetParam().direct ? File::Mode::kDirect : File::Mode::kBuffered);
    ASSERT_TRUE(file.ok()) << file.status();
    file_ = *std::move(file);
  }

  ReaderOptions Part(int64_t begin, int64_t end) {
    ReaderOptions options;
    options.mode = File::Mode::kDirect;
    options.queue = queue_.get();
    options.offset = begin;
    options.end = end;
    return options;
  }

  static std::string ReadAll(Reader* reader) {
    std::string all;
    for (int c; (c = reader->GetC()) >= 0;) all += static_cast<char>(c);
    EXPECT_TRUE(reader->ok()) << reader->status();
    return all;
  }

  std::unique_ptr<ScratchFile> scratch_;
  File file_;
  std::unique_ptr<Queue> queue_ = MakeQueue(Options());
};
UASIO_INSTANTIATE_BACKENDS(RangeTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(RangeTest);

TEST_P(RangeTest, ManyReadersShareAFile) {
  constexpr size_t kRuns = 64;
  constexpr size_t kRunBytes = 3 * kBlock / 2 + 7;
  const std::string contents = Pattern(kRuns * kRunBytes);
  Make(contents);
  std::vector<Reader> runs;
  for (size_t i = 0; i < kRuns; ++i) {
    const int64_t begin = static_cast<int64_t>(i * kRunBytes);
    runs.emplace_back(&file_,
                      Part(begin, begin + static_cast<int64_t>(kRunBytes)));
  }
  std::vector<std::string> got(kRuns);
  for (size_t done = 0; done < kRunBytes; done += kBlock / 4) {
    for (size_t i = 0; i < kRuns; ++i) {
      std::string bytes(kBlock / 4, '.');
      bytes.resize(runs[i].Read(bytes.data(), bytes.size()));
      got[i] += bytes;
    }
  }
  for (size_t i = 0; i < kRuns; ++i) {
    EXPECT_EQ(got[i], contents.substr(i * kRunBytes, kRunBytes)) << i;
    EXPECT_EQ(runs[i].GetC(), -1);
    EXPECT_TRUE(runs[i].Close().ok()) << runs[i].status();
  }
}

TEST_P(RangeTest, TheEndIsAsTheEndOfAFile) {
  const std::string contents = Pattern(4 * kBlock);
  Make(contents);
  const int64_t begin = 100, end = 2 * kBlock + 5;
  Reader reader(&file_, Part(begin, end));
  EXPECT_EQ(reader.Size().value_or(-1), end);
  EXPECT_EQ(ReadAll(&reader), contents.substr(100, end - begin));
  EXPECT_EQ(reader.Tell(), end);
  EXPECT_TRUE(reader.Unread());
  EXPECT_EQ(reader.GetC(), static_cast<unsigned char>(contents[end - 1]));
  EXPECT_EQ(reader.Skip(1), 0);
  EXPECT_TRUE(reader.Seek(end + 1));
  EXPECT_EQ(reader.GetC(), -1);
  EXPECT_TRUE(reader.Seek(10));
  EXPECT_EQ(reader.Skip(10 * kBlock), end - 10);
  EXPECT_TRUE(reader.Close().ok()) << reader.status();
}

TEST_P(RangeTest, NothingIsReadBehindTheEnd) {
  Make(Pattern(10 * kBlock));
  Reader reader(&file_, Part(0, 2 * kBlock + 100));
  EXPECT_EQ(ReadAll(&reader).size(), 2 * kBlock + 100);
  EXPECT_TRUE(reader.Close().ok()) << reader.status();
  EXPECT_EQ(queue_->stats().of(Op::kRead).completed, 3u);
  EXPECT_LE(queue_->stats().of(Op::kRead).bytes, 3 * kBlock);
}

TEST_P(RangeTest, TheFileMayEndBefore) {
  const std::string contents = Pattern(kBlock + 5);
  Make(contents);
  Reader reader(&file_, Part(0, 4 * kBlock));
  EXPECT_EQ(reader.Size().value_or(-1), static_cast<int64_t>(kBlock + 5));
  EXPECT_EQ(ReadAll(&reader), contents);
  EXPECT_TRUE(reader.Close().ok()) << reader.status();
}

TEST_P(RangeTest, AnEmptyPartHasNothing) {
  Make(Pattern(kBlock));
  for (const int64_t end : {0, 5, 10}) {
    Reader reader(&file_, Part(10, end));
    EXPECT_EQ(reader.GetC(), -1);
    EXPECT_TRUE(reader.Close().ok()) << reader.status();
  }
}

TEST_P(RangeTest, CopyStopsThere) {
  const std::string contents = Pattern(6 * kBlock);
  Make(contents);
  const ScratchFile to;
  for (const int64_t end : {int64_t{3 * kBlock}, int64_t{5 * kBlock - 9}}) {
    Reader reader(&file_, Part(kBlock, end));
    WriterOptions options;
    options.queue = queue_.get();
    auto writer = Writer::Open(to.path(), options);
    ASSERT_TRUE(writer.ok()) << writer.status();
    EXPECT_EQ(Copy(&reader, &*writer).value_or(-1),
              end - static_cast<int64_t>(kBlock));
    EXPECT_TRUE(writer->Close().ok()) << writer->status();
    EXPECT_EQ(to.Contents(), contents.substr(kBlock, end - kBlock));
  }
}

TEST_P(RangeTest, APipeKeepsWhatIsBehindTheEnd) {
  const Pipe pipe;
  pipe.Put("0123456789");
  const File file = File::Adopt(dup(pipe.read_end.get()), "pipe");
  ReaderOptions options = Part(kFilePosition, 4);
  Reader reader(&file, options);
  EXPECT_EQ(ReadAll(&reader), "0123");
  EXPECT_TRUE(reader.Close().ok()) << reader.status();
  EXPECT_EQ(pipe.Waiting(), 6u);
}

using RangeDeathTest = RangeTest;
INSTANTIATE_TEST_SUITE_P(Worker, RangeDeathTest,
                         testing::Values(TableCase("worker")), &NameOf);

TEST_P(RangeDeathTest, ANegativeEndEndsTheProgram) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        Make("x");
        Reader reader(&file_, Part(0, -1));
      },
      "Reader: its end is negative");
}

}  // namespace
}  // namespace uasio
