// A stream on an adopted fd begins at the fd's position, and leaves it behind
// what it has written or read, so that others can use the fd before and after:
// (echo header; program; echo footer) > out

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "asio/backends/fault.h"
#include "asio/backends/sync.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class PositionTest : public BackendTest {
 protected:
  // Adopts an fd of the file, which is direct on direct backends.
  File AdoptAt(int64_t position) {
    const int flags = GetParam().direct ? O_RDWR | O_DIRECT : O_RDWR;
    File file = File::Adopt(dup(file_.Open(flags).get()), "adopted");
    EXPECT_EQ(lseek(file.fd(), position, SEEK_SET), position);
    return file;
  }

  // Where others who share the fd continue.
  static int64_t PositionOf(const Fd& fd) {
    return lseek(fd.get(), 0, SEEK_CUR);
  }

  StreamOptions OnQueue() {
    StreamOptions options;
    options.queue = queue_.get();
    return options;
  }

  const ScratchFile file_{"header\n"};
  std::unique_ptr<Queue> queue_ = MakeQueue();
};
UASIO_INSTANTIATE_BACKENDS(PositionTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(PositionTest);

TEST_P(PositionTest, AWriterWritesBetweenWhatOthersWrite) {
  const std::string body = Pattern(300000);
  File file = AdoptAt(7);
  const Fd shared(dup(file.fd()));
  Writer writer(std::move(file), OnQueue());
  EXPECT_EQ(writer.Tell(), 7);
  EXPECT_TRUE(writer.Write(body));
  EXPECT_TRUE(writer.Close().ok()) << writer.status();
  EXPECT_EQ(PositionOf(shared), 300007);
  EXPECT_TRUE(file_.Contents() == "header\n" + body);
}

TEST_P(PositionTest, FlushAndFsyncLeaveThePositionBehindWhatWasWritten) {
  const File file = AdoptAt(7);
  const Fd shared(dup(file.fd()));
  Writer writer(&file, OnQueue());
  EXPECT_TRUE(writer.Write("abc") && writer.Flush().ok()) << writer.status();
  EXPECT_EQ(PositionOf(shared), 10);
  EXPECT_TRUE(writer.Write("d") && writer.Fsync().ok()) << writer.status();
  EXPECT_EQ(PositionOf(shared), 11);
  EXPECT_TRUE(writer.Truncate(9)) << writer.status();
  EXPECT_EQ(PositionOf(shared), 11);
  EXPECT_TRUE(writer.Close().ok()) << writer.status();
  EXPECT_EQ(file_.Contents(), "header\nab");
}

// A footer would land behind a hole.
TEST_P(PositionTest, AFailedWriterLeavesThePositionBehindWhatItHasWritten) {
  constexpr size_t kRoom = 300 << 10;
  const std::string contents = Pattern(1 << 20);
  File file = AdoptAt(0);
  const Fd shared(dup(file.fd()));
  Writer writer(std::move(file), OnQueue());
  {
    const FileSizeLimit limit(kRoom);
    writer.Write(contents);
    EXPECT_FALSE(writer.Close().ok());
  }
  EXPECT_EQ(PositionOf(shared), static_cast<int64_t>(kRoom));
  EXPECT_TRUE(file_.Contents() == contents.substr(0, kRoom));
}

TEST_P(PositionTest, AFailedWriterLeavesWhatOthersHaveWrittenBefore) {
  File file = AdoptAt(7);
  const Fd shared(dup(file.fd()));
  Writer writer(std::move(file), OnQueue());
  {
    const FileSizeLimit limit(0);
    writer.Write("lost");
    EXPECT_FALSE(writer.Close().ok());
  }
  EXPECT_EQ(PositionOf(shared), 7);
  EXPECT_EQ(file_.Contents(), "header\n");
}

TEST_P(PositionTest, AReaderLeavesTheRestToOthers) {
  File file = AdoptAt(1);
  const Fd shared(dup(file.fd()));
  Reader reader(std::move(file), OnQueue());
  EXPECT_EQ(reader.GetC(), 'e');
  EXPECT_EQ(reader.GetC(), 'a');
  EXPECT_TRUE(reader.Close().ok()) << reader.status();
  EXPECT_EQ(PositionOf(shared), 3);
}

TEST_P(PositionTest, AnOffsetIsAnOffsetAndLeavesThePosition) {
  const File file = AdoptAt(5);
  const Fd shared(dup(file.fd()));
  StreamOptions options = OnQueue();
  options.offset = 0;
  Reader reader(&file, options);
  EXPECT_EQ(reader.GetC(), 'h');
  EXPECT_TRUE(reader.Close().ok());
  EXPECT_EQ(PositionOf(shared), 5);
}

// As with a temporary file, which is written and then read.
TEST_P(PositionTest, AStreamOnAnOpenedFileBeginsAtZero) {
  absl::StatusOr<File> file = File::Open(file_.path(), O_RDWR);
  ASSERT_TRUE(file.ok());
  Writer writer(&*file, OnQueue());
  EXPECT_TRUE(writer.Write("H"));
  EXPECT_TRUE(writer.Close().ok());
  Reader reader(&*file, OnQueue());
  EXPECT_EQ(reader.GetC(), 'H');
}

TEST(FailedPositionTest, IsThatOfTheFirstLostByteIfLaterBlocksAreWritten) {
  constexpr size_t kBlock = 4096;
  QueueOptions queue_options;
  queue_options.buffer_bytes = kBlock;
  ManualQueue q(queue_options);
  const ScratchFile scratch;
  const Fd shared = scratch.Open(O_RDWR);
  StreamOptions options;
  options.queue = &q.queue;
  options.depth = 4;
  Writer writer(File::Adopt(dup(shared.get()), "adopted"), options);
  EXPECT_TRUE(writer.Write(Pattern(4 * kBlock)) && writer.PutC('x'));
  ASSERT_EQ(q.held->running.size(), 4u);
  q.held->FinishAs(q.held->running[2], -EIO, 512);
  q.held->FinishAs(q.held->running[1], -ENOSPC, 100);
  EXPECT_FALSE(writer.Close().ok());
  EXPECT_EQ(scratch.Contents().size(), 4 * kBlock);
  EXPECT_EQ(lseek(shared.get(), 0, SEEK_CUR),
            static_cast<int64_t>(kBlock + 100));
}

// Its last sector cannot be read, so that the block is never written.
TEST(FailedPositionTest, IsThatOfABlockThatWasGivenUp) {
  FaultOptions faults;
  faults.script.push_back({FaultOptions::Kind::kRead, 1, Fault::kIoError});
  Queue queue({}, std::make_unique<FaultBackend>(
                      faults, std::make_unique<SyncBackend>()));
  const ScratchFile scratch(std::string(8192, 'o'));
  const Fd shared = scratch.Open(O_RDWR | O_DIRECT);
  if (shared.get() < 0) GTEST_SKIP() << "no O_DIRECT here";
  StreamOptions options;
  options.queue = &queue;
  Writer writer(File::Adopt(dup(shared.get()), "adopted"), options);
  EXPECT_TRUE(writer.Write("lost"));
  EXPECT_FALSE(writer.Close().ok());
  EXPECT_EQ(lseek(shared.get(), 0, SEEK_CUR), 0);
}

}  // namespace
}  // namespace uasio
