#include "tools/cp/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <utility>

#include "asio/testing/fd.h"
#include "asio/testing/fuse.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/cp/compare.h"
#include "tools/cp/copy_testing.h"

namespace uasio {
namespace {

using ::testing::HasSubstr;

// Calls `copy` with a pipe as target, and `change` after the first byte has
// come; returns what was written to the pipe.
template <typename Copy, typename Change>
std::string CopyWhile(Copy copy, Change change) {
  Pipe pipe;
  std::string got(1, '\0');
  std::thread reader([&] {
    // The pipe is soon full, so the copy blocks not far behind this byte.
    EXPECT_EQ(read(pipe.read_end.get(), got.data(), 1), 1);
    change();
    got += ReadAll(pipe.read_end);
  });
  {
    const File target = FileOf(pipe.write_end, "a pipe");
    pipe.write_end.Close();
    copy(target);
  }
  reader.join();
  return got;
}

using CopyTest = CopyingTest;

TEST_P(CopyTest, FilesOfAllSizesAreCopiedExactly) {
  for (size_t size : {0, 1, 511, 4095, 4096, 4097, 40959, 40960, 40961}) {
    const std::string data = Pattern(size);
    const std::string path = scratch_.NewFile("source", data);
    ExpectCopied(OpenFile(path, O_RDONLY), data);
  }
}

// FUSE answers reads with any length, and a size may be wrong.
TEST_P(CopyTest, AFuseFileIsCopiedExactly) {
  FuseOptions odd;
  odd.contents = Pattern(50000);
  odd.read_bytes_max = 1000;
  for (const int64_t told_size : {-1, 0, 4096, 40960, 1 << 20}) {
    odd.told_size = told_size;
    const FuseFile served(odd);
    if (!served.why_not().empty()) GTEST_SKIP() << served.why_not();
    const File source = OpenFile(served.path(), O_RDONLY);
    ExpectCopied(source, odd.contents);
    const File same = OpenFile(scratch_.NewFile("a", odd.contents), O_RDONLY);
    EXPECT_TRUE(
        CompareFiles(queue_.get(), source, same, kDepth, &progress_).ok());
    odd.contents += "more";
    const File longer = OpenFile(scratch_.NewFile("b", odd.contents), O_RDONLY);
    EXPECT_FALSE(
        CompareFiles(queue_.get(), source, longer, kDepth, &progress_).ok());
    EXPECT_FALSE(
        CompareFiles(queue_.get(), longer, source, kDepth, &progress_).ok());
    odd.contents.resize(50000);
  }
}

// More bytes may be behind the told size; an error there is not the end.
TEST_P(CopyTest, AnErrorAtTheToldEndIsAnErrorOfTheCopy) {
  FuseOptions broken;
  broken.contents = Pattern(50000);
  broken.told_size = broken.error_at = broken.read_bytes_max = 4096;
  const FuseFile served(broken);
  if (!served.why_not().empty()) GTEST_SKIP() << served.why_not();
  const File source = OpenFile(served.path(), O_RDONLY);
  const File target = OpenFile(scratch_.NewFile("target"), O_RDWR);
  const auto copied = RunCopy({&source, false}, {&target, false});
  EXPECT_THAT(std::string(copied.status().message()), HasSubstr("EIO"));
  const File same = OpenFile(scratch_.NewFile("a", Pattern(4096)), O_RDONLY);
  for (const auto& [a, b] : {std::pair(&source, &same), {&same, &source}}) {
    const absl::Status status =
        CompareFiles(queue_.get(), *a, *b, kDepth, &progress_);
    EXPECT_THAT(std::string(status.message()), HasSubstr("EIO"));
  }
}

TEST_P(CopyTest, AQueueWithFewRequestsIsEnough) {
  QueueOptions options = SmallOptions();
  options.requests_max = 2;
  options.writebacks_max = 1;
  MakeQueue(options);
  const std::string data = Pattern(50000);
  const std::string path = scratch_.NewFile("source", data);
  ExpectCopied(OpenFile(path, O_RDONLY), data, /*depth=*/100);
}

TEST_P(CopyTest, TheTargetsOldContentsAreReplaced) {
  const std::string source_path = scratch_.NewFile("source", "x");
  ASSERT_EQ(truncate(source_path.c_str(), 1 << 20), 0);
  const std::string path = scratch_.NewFile("target", Pattern(2 << 20));
  const File source = OpenFile(source_path, O_RDONLY);
  const File target = OpenFile(path, O_RDWR);
  ASSERT_TRUE(RunCopy({&source, false}, {&target, false}).ok());
  EXPECT_TRUE(Contents(path) == Contents(source_path));
}

TEST_P(CopyTest, HolesAreWrittenToAStreamAsZeros) {
  const std::string path = scratch_.NewFile("source", "x");
  ASSERT_EQ(truncate(path.c_str(), 100001), 0);
  const File source = OpenFile(path, O_RDONLY);
  const std::string got = CopyWhile(
      [&](const File& target) {
        EXPECT_TRUE(RunCopy({&source, false}, {&target, true}).ok());
      },
      [] {});
  EXPECT_TRUE(got == Contents(path));
}

TEST_P(CopyTest, AStreamMayComeInPiecesOfAnySize) {
  const std::string data = Pattern(100001);
  Pipe pipe;
  const File source = FileOf(pipe.read_end, "a pipe");
  std::thread writer = Feed(&pipe, data, [](size_t i) { return 1 + i % 5000; });
  const std::string path = scratch_.NewFile("copy");
  const File target = OpenFile(path, O_RDWR);
  const auto copied = RunCopy({&source, true}, {&target, false});
  writer.join();
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_EQ(*copied, 100001);
  EXPECT_TRUE(Contents(path) == data);
}

TEST_P(CopyTest, AStreamIsUsedAtItsPosition) {
  const std::string data = Pattern(30000);
  Fd in = scratch_.Open("source", data);
  Fd out = scratch_.Open("target", "abcd");
  lseek(in.get(), 5, SEEK_SET);
  lseek(out.get(), 3, SEEK_SET);
  const File source = FileOf(in, "source");
  const File target = FileOf(out, "target");
  ASSERT_TRUE(RunCopy({&source, true}, {&target, true}).ok());
  EXPECT_TRUE(Contents(scratch_.Path("target")) == "abc" + data.substr(5));
}

TEST_P(CopyTest, AFileOfSizeZeroIsReadToItsEnd) {
  const std::string path = "/proc/self/cmdline";
  ExpectCopied(OpenFile(path, O_RDONLY), Contents(path));
}

TEST_P(CopyTest, AFileThatEndsBeforeItsSizeIsCopiedUpToItsEnd) {
  const std::string path = "/sys/kernel/mm/transparent_hugepage/enabled";
  struct stat info;
  if (stat(path.c_str(), &info) != 0) GTEST_SKIP() << "there is no " << path;
  ASSERT_GT(info.st_size, 1000);  // It says 4096.
  ExpectCopied(OpenFile(path, O_RDONLY), Contents(path));
}

TEST_P(CopyTest, ASourceThatShrinksIsCopiedUpToItsNewEnd) {
  const std::string data = Pattern(4 << 20);
  const std::string path = scratch_.NewFile("source", data);
  const File source = OpenFile(path, O_RDONLY);
  const std::string got = CopyWhile(
      [&](const File& target) {
        const auto copied = RunCopy({&source, false}, {&target, true});
        ASSERT_TRUE(copied.ok()) << copied.status();
        EXPECT_EQ(*copied, (2 << 20) + 77);
      },
      [&] { EXPECT_EQ(truncate(path.c_str(), (2 << 20) + 77), 0); });
  EXPECT_TRUE(got == data.substr(0, (2 << 20) + 77));
}

TEST_P(CopyTest, ASourceThatGrowsIsCopiedUpToItsOldEnd) {
  const std::string data = Pattern((4 << 20) + 77);
  const std::string path = scratch_.NewFile("source", data);
  const File source = OpenFile(path, O_RDONLY);
  const std::string got = CopyWhile(
      [&](const File& target) {
        EXPECT_TRUE(RunCopy({&source, false}, {&target, true}).ok());
      },
      [&] {
        const Fd more(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        EXPECT_EQ(write(more.get(), data.data(), 100000), 100000);
      });
  EXPECT_TRUE(got == data);
}

UASIO_INSTANTIATE_ON_BACKENDS(CopyTest);

}  // namespace
}  // namespace uasio
