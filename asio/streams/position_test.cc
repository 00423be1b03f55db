// A stream on an adopted fd begins at the fd's position, and leaves it behind
// what it has written or read, so that others can use the fd before and after:
// (echo header; program; echo footer) > out

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
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

}  // namespace
}  // namespace uasio
