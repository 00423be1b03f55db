// What a stream waits for at once, its own thread performs: that costs no
// hand-over to a thread, and back.

#include <ostream>
#include <string>

#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/streambuf.h"
#include "asio/streams/writer.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

class InlineTest : public testing::TestWithParam<File::Mode> {
 protected:
  Writer OpenWriter(const std::string& path) {
    WriterOptions options;
    options.queue = &queue_;
    options.mode = GetParam();
    absl::StatusOr<Writer> writer = Writer::Open(path, options);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }
  Reader OpenReader(const std::string& path) {
    ReaderOptions options;
    options.queue = &queue_;
    options.mode = GetParam();
    absl::StatusOr<Reader> reader = Reader::Open(path, options);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }

  const Scratch scratch_;
  WorkerPool pool_;
  Queue queue_{[this] {
    QueueOptions options;
    options.pool = &pool_;
    return options;
  }()};
};

TEST_P(InlineTest, ASmallFileIsWrittenAndReadWithoutAThread) {
  const std::string text(3000, 'x');
  Writer writer = OpenWriter(scratch_.Path("small"));
  EXPECT_TRUE(writer.Write(text));
  EXPECT_TRUE(writer.Close().ok());
  Reader reader = OpenReader(scratch_.Path("small"));
  std::string back(4000, '-');
  EXPECT_EQ(reader.Read(&back[0], back.size()), text.size());
  EXPECT_EQ(back.substr(0, text.size()), text);
  EXPECT_TRUE(reader.Close().ok());
  EXPECT_EQ(pool_.threads(), 0u);
}

TEST_P(InlineTest, EndlAndFsyncNeedNoThread) {
  Writer writer = OpenWriter(scratch_.Path("lines"));
  WriterStreambuf buffer(&writer);
  std::ostream out(&buffer);
  for (int i = 0; i < 3; ++i) out << i << std::endl;
  EXPECT_TRUE(writer.Fsync().ok());
  EXPECT_TRUE(writer.Close().ok());
  EXPECT_EQ(Contents(scratch_.Path("lines")), "0\n1\n2\n");
  EXPECT_EQ(pool_.threads(), 0u);
}

TEST_P(InlineTest, ReadAheadIsForThreads) {
  Writer writer = OpenWriter(scratch_.Path("large"));
  EXPECT_TRUE(writer.Write(std::string(1 << 20, 'x')));
  EXPECT_TRUE(writer.Close().ok());
  EXPECT_GT(pool_.threads(), 0u);
  Reader reader = OpenReader(scratch_.Path("large"));
  std::string back(1 << 20, '-');
  EXPECT_EQ(reader.Read(&back[0], back.size()), back.size());
  EXPECT_TRUE(reader.Close().ok());
  EXPECT_GT(queue_.stats().workers, 0u);
  EXPECT_GT(queue_.stats().owner, 0u);
}

INSTANTIATE_TEST_SUITE_P(Modes, InlineTest,
                         testing::Values(File::Mode::kDirect,
                                         File::Mode::kBuffered));

}  // namespace
}  // namespace uasio
