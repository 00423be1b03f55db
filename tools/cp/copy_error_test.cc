#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "asio/testing/fd.h"
#include "asio/testing/mount.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/cp/copy.h"
#include "tools/cp/copy_testing.h"

namespace uasio {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CopyErrorTest : public CopyingTest {
 protected:
  // Expects that a second copy on the same queue succeeds.
  void ExpectWorks() {
    const std::string path = scratch_.NewFile("second", Pattern(50001));
    ExpectCopied(OpenFile(path, O_RDONLY), Pattern(50001));
  }
};

TEST_P(CopyErrorTest, AFullDiskInTheMiddleOfAStreamIsReported) {
  const SmallFileSystem small("256k");
  if (!small.why_not().empty()) GTEST_SKIP() << small.why_not();
  const std::string path = small.Path("target");
  const File target = OpenFile(path, O_RDWR | O_CREAT);
  Pipe pipe;
  std::thread writer = Feed(&pipe, Pattern(2 << 20));
  {
    const File source = FileOf(pipe.read_end, "a pipe");
    pipe.read_end.Close();
    const auto copied = RunCopy({&source, true}, {&target, false});
    EXPECT_THAT(std::string(copied.status().message()),
                AllOf(HasSubstr("write-back of 4096 bytes at offset "),
                      HasSubstr("/target): ENOSPC")));
  }
  writer.join();
  EXPECT_GT(Contents(path).size(), 100000u);
  ExpectWorks();
}

TEST_P(CopyErrorTest, AFullDiskIsReportedBeforeAFileIsCopied) {
  const SmallFileSystem small("256k");
  if (!small.why_not().empty()) GTEST_SKIP() << small.why_not();
  const File target = OpenFile(small.Path("target"), O_RDWR | O_CREAT);
  const File source =
      OpenFile(scratch_.NewFile("source", Pattern(1 << 20)), O_RDONLY);
  const auto copied = RunCopy({&source, false}, {&target, false});
  EXPECT_THAT(std::string(copied.status().message()),
              AllOf(HasSubstr("cannot reserve 1048576 bytes for " +
                              small.Path("target")),
                    HasSubstr("ENOSPC")));
  EXPECT_EQ(Contents(small.Path("target")), "");
  ExpectWorks();
}

TEST_P(CopyErrorTest, AFailedReadCancelsTheOthers) {
  const std::string path = scratch_.NewFile("source", Pattern(1 << 20));
  const File source = OpenFile(path, O_WRONLY);
  const File target = OpenFile(scratch_.NewFile("target"), O_RDWR);
  const auto copied = RunCopy({&source, false}, {&target, false});
  EXPECT_THAT(std::string(copied.status().message()),
              AllOf(HasSubstr("read of 4096 bytes at offset "),
                    HasSubstr("/source): EBADF")));
  ExpectWorks();
}

TEST_P(CopyErrorTest, FailedWritesAreReported) {
  const File source =
      OpenFile(scratch_.NewFile("source", Pattern(1 << 20)), O_RDONLY);
  const File target = OpenFile("/dev/full", O_WRONLY);
  const auto copied = RunCopy({&source, false}, {&target, true});
  EXPECT_THAT(std::string(copied.status().message()),
              AllOf(HasSubstr("/dev/full"), HasSubstr("ENOSPC")));
  ExpectWorks();
}

TEST_P(CopyErrorTest, AClosedReadEndIsReported) {
  const File source =
      OpenFile(scratch_.NewFile("source", Pattern(1 << 20)), O_RDONLY);
  Pipe pipe;
  const File target = FileOf(pipe.write_end, "a pipe");
  pipe.read_end.Close();
  const auto copied = RunCopy({&source, false}, {&target, true});
  EXPECT_THAT(std::string(copied.status().message()), HasSubstr("EPIPE"));
  ExpectWorks();
}

TEST_P(CopyErrorTest, ASourceWithoutSizeIsRefusedUnlessItIsAStream) {
  Pipe pipe;
  const File source = FileOf(pipe.read_end, "a pipe");
  const File target = OpenFile(scratch_.NewFile("target"), O_RDWR);
  EXPECT_FALSE(RunCopy({&source, false}, {&target, false}).ok());
  ExpectWorks();
}

UASIO_INSTANTIATE_ON_BACKENDS(CopyErrorTest);

}  // namespace
}  // namespace uasio
