// The contract of Reader.

#include "asio/streams/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "asio/streams/stream_testing.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class ReaderTest : public StreamTest {};

TEST_F(ReaderTest, GetCReturnsEachByteAndThenMinusOne) {
  std::string contents = Pattern(3 * kBlock + 1);
  contents[1] = '\xff';
  contents[2] = '\0';
  Reader reader = OpenNew(contents);
  for (char byte : contents) {
    ASSERT_EQ(reader.PeekC(), static_cast<unsigned char>(byte));
    ASSERT_EQ(reader.GetC(), static_cast<unsigned char>(byte));
  }
  EXPECT_EQ(reader.GetC(), -1);
  EXPECT_EQ(reader.PeekC(), -1);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.Tell(), static_cast<int64_t>(contents.size()));
  EXPECT_TRUE(reader.Close().ok());
}

TEST_F(ReaderTest, AnEmptyFileIsAtItsEnd) {
  Reader reader = OpenNew("");
  EXPECT_FALSE(reader.Pull());
  EXPECT_TRUE(reader.ok());
}

TEST_F(ReaderTest, ReadIsShortAtTheEndOnly) {
  const std::string contents = Pattern(5 * kBlock - 7);
  Reader reader = OpenNew(contents);
  std::string all(contents.size() + 100, 'x');
  EXPECT_EQ(reader.Read(all.data(), 3), 3u);
  EXPECT_EQ(reader.Read(all.data() + 3, all.size() - 3), contents.size() - 3);
  all.resize(contents.size());
  EXPECT_EQ(all, contents);
  EXPECT_EQ(reader.Read(all.data(), 1), 0u);
  EXPECT_EQ(reader.Read(nullptr, 0), 0u);
}

TEST_F(ReaderTest, LinesOfAnyLengthKeepTheirNewline) {
  const std::string lines[] = {"\n", "short\n", Pattern(3 * kBlock) + "\n",
                               Pattern(kBlock - 1) + "\n", "no newline"};
  std::string contents;
  for (const std::string& line : lines) contents += line;
  Reader reader = OpenNew(contents);
  absl::string_view read;
  for (const std::string& line : lines) {
    ASSERT_TRUE(reader.ReadLine(&read, 4 * kBlock)) << reader.status();
    EXPECT_EQ(read, line);
  }
  EXPECT_FALSE(reader.ReadLine(&read, 4 * kBlock));
  EXPECT_TRUE(reader.ok());
}

TEST_F(ReaderTest, ALineLongerThanBytesMaxIsAnError) {
  for (const size_t length : {size_t{10}, 2 * kBlock}) {
    Reader reader = OpenNew("ab\n" + Pattern(length) + "\n");
    absl::string_view line;
    ASSERT_TRUE(reader.ReadLine(&line, 3));
    EXPECT_TRUE(reader.ReadLine(&line, length + 1));
    ASSERT_TRUE(reader.Seek(3));
    EXPECT_FALSE(reader.ReadLine(&line, length));
    EXPECT_EQ(reader.status().message(),
              absl::StrCat(Path(), ": the line at offset 3 is longer than ",
                           length, " bytes"));
  }
}

TEST_F(ReaderTest, TheLastLineMayHaveBytesMax) {
  Reader reader = OpenNew(Pattern(2 * kBlock));
  absl::string_view line;
  EXPECT_TRUE(reader.ReadLine(&line, 2 * kBlock)) << reader.status();
  EXPECT_EQ(line.size(), 2 * kBlock);
}

TEST_F(ReaderTest, LinesMayEndInAnotherCharacter) {
  Reader reader = OpenNew(std::string("a\n\0b\0", 5));
  absl::string_view line;
  ASSERT_TRUE(reader.ReadLine(&line, 9, '\0'));
  EXPECT_EQ(line, absl::string_view("a\n\0", 3));
}

TEST_F(ReaderTest, SeekGoesAnywhereAndUnreadStaysInTheBlock) {
  const std::string contents = Pattern(20 * kBlock + 5);
  Reader reader = OpenNew(contents);
  for (const size_t at : {0ul, 5 * kBlock, 5 * kBlock + 1, 1ul, 19 * kBlock - 1,
                          contents.size() - 1, 4095ul, 4096ul, 6 * kBlock}) {
    ASSERT_TRUE(reader.Seek(static_cast<int64_t>(at)));
    EXPECT_EQ(reader.Tell(), static_cast<int64_t>(at));
    ASSERT_EQ(reader.GetC(), contents[at]);
    ASSERT_TRUE(reader.Unread());
    ASSERT_EQ(reader.GetC(), contents[at]);
  }
  EXPECT_FALSE(reader.Unread(kBlock + 1));
  EXPECT_EQ(reader.Tell(), static_cast<int64_t>(6 * kBlock + 1));
}

TEST_F(ReaderTest, BeyondTheEndItReadsEndOfFile) {
  Reader reader = OpenNew("abc");
  ASSERT_TRUE(reader.Seek(1 << 20));
  EXPECT_EQ(reader.GetC(), -1);
  EXPECT_TRUE(reader.ok());
  ASSERT_TRUE(reader.Seek(2));
  EXPECT_EQ(reader.GetC(), 'c');
}

TEST_F(ReaderTest, ANegativeOffsetIsAnError) {
  Reader reader = OpenNew("abc");
  EXPECT_FALSE(reader.Seek(-1));
  EXPECT_EQ(reader.status().message(),
            absl::StrCat("cannot seek to -1 in ", Path(),
                         ": EINVAL (Invalid argument)"));
  EXPECT_FALSE(reader.Seek(0));  // The error stays.
  EXPECT_EQ(reader.GetC(), -1);
}

TEST_F(ReaderTest, SkipReturnsTheBytesSkipped) {
  Reader reader = OpenNew(Pattern(10 * kBlock));
  EXPECT_EQ(reader.Skip(7 * kBlock + 1), 7 * kBlock + 1);
  EXPECT_EQ(reader.GetC(), Pattern(10 * kBlock)[7 * kBlock + 1]);
  EXPECT_EQ(reader.Skip(10 * kBlock), 3 * kBlock - 2);
  EXPECT_EQ(reader.Skip(1), 0);
}

TEST_F(ReaderTest, ReadsOnAfterTheFileHasGrown) {
  Reader reader = OpenNew("abc");
  EXPECT_EQ(ReadAll(&reader), "abc");
  const Fd fd(open(Path().c_str(), O_WRONLY | O_APPEND));
  const std::string more = Pattern(3 * kBlock + 17);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(write(fd.get(), more.data(), more.size()),
              static_cast<ssize_t>(more.size()));
    EXPECT_TRUE(ReadAll(&reader) == more);
    EXPECT_TRUE(reader.ok());
  }
}

TEST_F(ReaderTest, EndsEarlierAfterTheFileHasShrunk) {
  Reader reader = OpenNew(Pattern(100 * kBlock));
  ASSERT_EQ(reader.GetC(), 'a');
  ASSERT_EQ(truncate(Path().c_str(), 50 * kBlock + 1), 0);
  EXPECT_EQ(ReadAll(&reader).size(), 50 * kBlock);
  EXPECT_TRUE(reader.ok());
  ASSERT_EQ(truncate(Path().c_str(), 0), 0);
  EXPECT_EQ(reader.GetC(), -1);
}

TEST_F(ReaderTest, ReadsAPipeAsItComes) {
  Pipe pipe;
  Reader reader(File::Adopt(dup(pipe.read_end.get()), "a pipe"), OnQueue());
  EXPECT_FALSE(reader.seekable());
  pipe.Put("abc");
  EXPECT_EQ(reader.GetC(), 'a');
  EXPECT_EQ(reader.available(), 2u);
  EXPECT_EQ(reader.Skip(2), 2);
  std::thread late([&] { pipe.Put("d"); });
  EXPECT_EQ(reader.GetC(), 'd');
  late.join();
  pipe.write_end.Close();
  EXPECT_EQ(reader.GetC(), -1);
  EXPECT_EQ(reader.Tell(), 4);
  EXPECT_TRUE(reader.Close().ok());
}

TEST_F(ReaderTest, AFifoWhoseWriterNeverWasIsAtItsEnd) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  absl::StatusOr<File> fifo = File::Open(Path("fifo"), O_RDONLY | O_NONBLOCK);
  ASSERT_TRUE(fifo.ok()) << fifo.status();
  ASSERT_EQ(fcntl(fifo->fd(), F_SETFL, 0), 0);
  Reader reader(*std::move(fifo), OnQueue());
  EXPECT_EQ(reader.GetC(), -1);
  EXPECT_TRUE(reader.ok()) << reader.status();
}

TEST_F(ReaderTest, HasNoReadAheadOnAPipe) {
  Pipe pipe;
  const File file = File::Adopt(dup(pipe.read_end.get()), "a pipe");
  {
    Reader reader(&file, OnQueue());
    pipe.Put("a");
    EXPECT_EQ(reader.GetC(), 'a');
  }
  pipe.Put("b");
  Reader reader(&file, OnQueue());
  EXPECT_EQ(reader.GetC(), 'b');
}

TEST_F(ReaderTest, APipeCannotSeek) {
  const Pipe pipe;
  Reader reader(File::Adopt(dup(pipe.read_end.get()), "a pipe"), OnQueue());
  EXPECT_FALSE(reader.Seek(1));
  EXPECT_EQ(reader.Close().message(),
            "cannot seek to 1 in a pipe: ESPIPE (Illegal seek)");
}

TEST_F(ReaderTest, FilesOfProcAreReadThoughTheyHaveNoSize) {
  Reader reader = Open("/proc/self/maps");
  EXPECT_EQ(reader.Skip(100), 100);
  EXPECT_GT(ReadAll(&reader).size(), 1000u);
  EXPECT_TRUE(reader.ok());
}

TEST_F(ReaderTest, BeginsAtTheFdsPositionAndSetsItAtClose) {
  const Fd fd = scratch_.Open("file", Pattern(3 * kBlock));
  ASSERT_EQ(lseek(fd.get(), 100, SEEK_SET), 100);
  File file = File::Adopt(fd.get(), "borrowed");
  Reader reader(&file, OnQueue(kFilePosition));
  EXPECT_EQ(reader.Tell(), 100);
  EXPECT_EQ(reader.Skip(50), 50);
  EXPECT_TRUE(reader.Close().ok());
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), 150);
  file.Release();
}

TEST_F(ReaderTest, OpenNamesAMissingFile) {
  EXPECT_EQ(Reader::Open("/no/such/file").status().message(),
            "cannot open /no/such/file: ENOENT (No such file or directory)");
}

TEST_F(ReaderTest, ADirectoryIsAnErrorWithItsName) {
  Reader reader = Open(scratch_.Path(""));
  EXPECT_EQ(reader.GetC(), -1);
  EXPECT_NE(reader.Close().message().find("EISDIR"), std::string::npos)
      << reader.status();
  EXPECT_NE(reader.status().message().find(scratch_.Path("")),
            std::string::npos);
}

TEST_F(ReaderTest, AClosedFdIsAnErrorWithTheName) {
  File file = File::Adopt(scratch_.Open("file", "abc").get(), "gone");
  Reader reader(&file, OnQueue());
  EXPECT_EQ(reader.GetC(), -1);
  EXPECT_EQ(reader.Close().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(reader.status().message().find("gone: read of 4096 bytes at "),
            std::string::npos)
      << reader.status();
  EXPECT_NE(reader.status().message().find("EBADF"), std::string::npos);
  file.Release();
}

TEST_F(ReaderTest, CanBeMoved) {
  Reader first = OpenNew("abc");
  EXPECT_EQ(first.GetC(), 'a');
  Reader second = std::move(first);
  EXPECT_EQ(second.GetC(), 'b');
  first = std::move(second);
  EXPECT_EQ(first.GetC(), 'c');
}

TEST_F(ReaderTest, ReadsBeyondFourGibibytes) {
  constexpr int64_t kFar = (int64_t{5} << 30) + 3;
  const Fd fd = scratch_.Open("file");
  ASSERT_EQ(pwrite(fd.get(), "xyz", 3, kFar), 3);
  Reader reader = Open(Path());
  EXPECT_EQ(reader.Skip(kFar), kFar);
  EXPECT_EQ(ReadAll(&reader), "xyz");
  EXPECT_EQ(reader.Tell(), kFar + 3);
}

TEST_F(ReaderTest, AtTheLargestOffsetsItReadsEndOfFile) {
  for (const std::string& contents : {std::string(), Pattern(100)}) {
    for (const int64_t back : {int64_t{0}, int64_t{1}, int64_t{kBlock}}) {
      const int64_t far = std::numeric_limits<int64_t>::max() - back;
      Reader reader = OpenNew(contents);
      EXPECT_TRUE(reader.Seek(far));
      EXPECT_EQ(reader.GetC(), -1);
      EXPECT_EQ(reader.Tell(), far);
      EXPECT_TRUE(reader.ok()) << reader.status();
      EXPECT_TRUE(reader.Seek(0));
      EXPECT_TRUE(ReadAll(&reader) == contents);
    }
  }
}

using ReaderDeathTest = ReaderTest;

TEST_F(ReaderDeathTest, GetCAfterCloseEndsTheProgram) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  Reader reader = OpenNew("abc");
  EXPECT_TRUE(reader.Close().ok());
  EXPECT_TRUE(reader.Close().ok());
  EXPECT_DEATH(reader.GetC(), "Reader: it is closed");
}

}  // namespace
}  // namespace uasio
