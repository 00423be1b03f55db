// The contract of Writer.

#include "asio/streams/writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "asio/backends/fault.h"
#include "asio/backends/sync.h"
#include "asio/streams/stream_testing.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class WriterTest : public StreamTest {
 protected:
  int64_t SizeOnDisk() const {
    struct stat info;
    EXPECT_EQ(stat(Path().c_str(), &info), 0);
    return info.st_size;
  }

  static void ExpectMessage(const absl::Status& status,
                            const std::string& part) {
    EXPECT_NE(status.message().find(part), std::string::npos) << status;
  }
};

TEST_F(WriterTest, TheFileHasExactlyWhatWasWritten) {
  for (const size_t size : {0ul, 1ul, 511ul, 512ul, 513ul, 4095ul, 4096ul,
                            4097ul, 10 * kBlock + 1}) {
    const std::string contents = Pattern(size);
    Writer writer = Create(Path());
    for (char byte : contents) ASSERT_TRUE(writer.PutC(byte));
    EXPECT_EQ(writer.Tell(), static_cast<int64_t>(size));
    EXPECT_TRUE(writer.Close().ok()) << writer.status();
    EXPECT_TRUE(Contents() == contents) << size;
  }
}

TEST_F(WriterTest, AnUnalignedAppendKeepsWhatIsThere) {
  std::string contents;
  for (int i = 0; i < 20; ++i) {
    Writer writer = Create(Path(), Existing::kAppend);
    EXPECT_EQ(writer.Tell(), static_cast<int64_t>(contents.size()));
    const std::string more = Pattern(static_cast<size_t>(i) * 777);
    EXPECT_TRUE(writer.Write(more));
    contents += more;
    EXPECT_TRUE(writer.Close().ok()) << writer.status();
    EXPECT_TRUE(Contents() == contents);
  }
}

TEST_F(WriterTest, OverwritingTheMiddleKeepsTheRest) {
  std::string contents = Pattern(10 * kBlock + 100);
  scratch_.NewFile("file", contents);
  for (const size_t at : {0ul, 1ul, 5000ul, 3 * kBlock - 2, 9 * kBlock + 4095,
                          10 * kBlock + 99}) {
    Writer writer = Create(Path(), Existing::kKeep, static_cast<int64_t>(at));
    EXPECT_TRUE(writer.Write("XYZ"));
    EXPECT_TRUE(writer.Close().ok()) << writer.status();
    if (contents.size() < at + 3) contents.resize(at + 3);
    contents.replace(at, 3, "XYZ");
    EXPECT_TRUE(Contents() == contents) << at;
  }
}

TEST_F(WriterTest, SeeksBackToFillInAHeader) {
  Writer writer = Create(Path());
  const std::string body = Pattern(7 * kBlock + 11);
  EXPECT_TRUE(writer.Write("????") && writer.Write(body));
  EXPECT_TRUE(writer.Seek(0) && writer.Write("HEAD"));
  EXPECT_TRUE(writer.SeekToEnd() && writer.Write("tail"));
  EXPECT_TRUE(writer.Close().ok()) << writer.status();
  EXPECT_TRUE(Contents() == "HEAD" + body + "tail");
}

TEST_F(WriterTest, SeekKeepsTheBytesThatItSkips) {
  for (const auto mode : {File::Mode::kDirect, File::Mode::kBuffered}) {
    scratch_.NewFile("file", "0123456789");
    for (const int64_t gap : {1, 2}) {
      WriterOptions options;
      options.queue = &queue_;
      options.mode = mode;
      options.existing = Existing::kKeep;
      auto writer = Writer::Open(Path(), options);
      ASSERT_TRUE(writer.ok()) << writer.status();
      EXPECT_TRUE(writer->Write("A?b") && writer->Seek(1) &&
                  writer->Write("B") && writer->Seek(3 + gap));
      EXPECT_TRUE(writer->Write("c") && writer->Close().ok());
    }
    EXPECT_EQ(Contents(), "ABb3cc6789");
  }
}

TEST_F(WriterTest, AWindowThatIsNotFilledChangesNothing) {
  scratch_.NewFile("file", Pattern(3 * kBlock));
  Writer writer = Create(Path(), Existing::kKeep, 5);
  EXPECT_FALSE(writer.Window().empty());
  EXPECT_TRUE(writer.Seek(2 * kBlock + 1) && !writer.Window().empty());
  EXPECT_TRUE(writer.Close().ok());
  EXPECT_TRUE(Contents() == Pattern(3 * kBlock));
}

TEST_F(WriterTest, SeekAloneDoesNotChangeTheSize) {
  Writer writer = Create(Path());
  EXPECT_TRUE(writer.Write("abc") && writer.Seek(100000));
  EXPECT_EQ(*writer.Size(), 3);
  EXPECT_TRUE(writer.Seek(5) && writer.Write("f"));
  EXPECT_TRUE(writer.Close().ok());
  EXPECT_EQ(Contents(), std::string("abc\0\0f", 6));
}

TEST_F(WriterTest, OthersSeeWhatWasFlushed) {
  Writer writer = Create(Path());
  std::string contents;
  for (int i = 1; i < 10; ++i) {
    const std::string more = Pattern(static_cast<size_t>(i) * 1234);
    EXPECT_TRUE(writer.Write(more));
    contents += more;
    EXPECT_TRUE(writer.Flush().ok());
    Reader reader = Open(Path());
    EXPECT_TRUE(ReadAll(&reader) == contents);
    EXPECT_EQ(SizeOnDisk(), static_cast<int64_t>(contents.size()));
  }
  EXPECT_TRUE(writer.Close().ok());
}

TEST_F(WriterTest, WritersTakeTurnsInOneSectorByFlush) {
  Writer a = Create(Path());
  EXPECT_TRUE(a.Write("aaaaaaaaaa") && a.Flush().ok());
  Writer b = Create(Path(), Existing::kKeep, 5);
  EXPECT_TRUE(b.Write("bbbbbbbbbb") && b.Flush().ok());
  EXPECT_TRUE(a.Write("AA") && a.Flush().ok());
  EXPECT_EQ(Contents(), "aaaaabbbbbAAbbb");
  EXPECT_TRUE(a.Close().ok() && b.Close().ok());
  EXPECT_EQ(Contents(), "aaaaabbbbbAAbbb");
}

TEST_F(WriterTest, CuttingPaddingKeepsWhatAnotherWriterWroteBehindIt) {
  const std::string block = Pattern(kBlock);
  for (int i = 0; i < 200; ++i) {
    Writer a = Create(Path());
    Writer b = Create(Path(), Existing::kKeep, 2 * kBlock);
    EXPECT_TRUE(b.Write(block) && b.PutC('b'));  // A block is in flight.
    EXPECT_TRUE(a.Write("aaaa") && a.Close().ok() && b.Close().ok());
    ASSERT_TRUE(Contents() ==
                "aaaa" + std::string(2 * kBlock - 4, '\0') + block + "b");
  }
}

TEST_F(WriterTest, SizeDoesNotBeginAWritersTurn) {
  const std::string before = Pattern(100);
  for (const Existing existing : {Existing::kAppend, Existing::kKeep}) {
    scratch_.NewFile("file", "");
    Writer a = Create(Path(), existing);
    EXPECT_EQ(*a.Size(), 0);
    Writer b = Create(Path(), existing);
    EXPECT_TRUE(b.Write(before) && b.Close().ok());
    EXPECT_EQ(*a.Size(), 100);
    EXPECT_TRUE(a.SeekToEnd() && a.Write("A") && a.Close().ok());
    EXPECT_TRUE(Contents() == before + "A") << Contents().size();
  }
}

TEST_F(WriterTest, AWindowIsFilledInPlace) {
  Writer writer = Create(Path());
  std::string contents;
  for (int i = 0; i < 1000; ++i) {
    const std::string line = absl::StrCat("line ", i, "\n");
    const absl::Span<char> window = writer.Window(line.size());
    ASSERT_GE(window.size(), line.size());
    line.copy(window.data(), line.size());
    writer.Advance(line.size());
    contents += line;
  }
  EXPECT_TRUE(writer.Close().ok()) << writer.status();
  EXPECT_TRUE(Contents() == contents);
}

TEST_F(WriterTest, TruncateMakesItShorterAndLonger) {
  Writer writer = Create(Path());
  const std::string contents = Pattern(3 * kBlock);
  EXPECT_TRUE(writer.Write(contents) && writer.Truncate(kBlock + 1));
  EXPECT_EQ(writer.Tell(), static_cast<int64_t>(3 * kBlock));
  EXPECT_TRUE(Contents() == contents.substr(0, kBlock + 1));
  EXPECT_TRUE(writer.Truncate(kBlock + 3));
  EXPECT_EQ(*writer.Size(), static_cast<int64_t>(kBlock + 3));
  EXPECT_TRUE(writer.SeekToEnd() && writer.Write("x") && writer.Close().ok());
  EXPECT_TRUE(Contents() ==
              contents.substr(0, kBlock + 1) + std::string("\0\0x", 3));
}

TEST_F(WriterTest, CloseReleasesPreallocatedSpace) {
  Writer writer = Create(Path());
  ASSERT_TRUE(writer.Preallocate(1 << 20)) << writer.status();
  EXPECT_EQ(*writer.Size(), 0);
  EXPECT_TRUE(writer.Write("abc"));
  EXPECT_EQ(*writer.Size(), 3);
  EXPECT_TRUE(writer.Close().ok());
  EXPECT_EQ(Contents(), "abc");
}

// The file is longer than what the stream has written.
TEST_F(WriterTest, ReservingSpaceKeepsWhatTheFileHas) {
  for (const File::Mode mode : {File::Mode::kDirect, File::Mode::kBuffered}) {
    const std::string old = Pattern(3 * kBlock + 5);
    scratch_.NewFile("file", old);
    WriterOptions options;
    options.existing = Existing::kKeep;
    options.mode = mode;
    absl::StatusOr<Writer> writer = Writer::Open(Path(), options);
    ASSERT_TRUE(writer.ok()) << writer.status();
    EXPECT_TRUE(writer->Write("abc") && writer->Preallocate(1 << 20));
    EXPECT_EQ(*writer->Size(), static_cast<int64_t>(old.size()));
    EXPECT_TRUE(writer->Write("def") && writer->Close().ok());
    EXPECT_TRUE(Contents() == "abcdef" + old.substr(6));
  }
}

TEST_F(WriterTest, ExistingDecidesWhatOpenDoesWithAFile) {
  scratch_.NewFile("file", "abcdef");
  WriterOptions options;
  options.existing = Existing::kRefuse;
  EXPECT_EQ(Writer::Open(Path(), options).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Create(Path(), Existing::kKeep).Close().ok());
  EXPECT_EQ(Contents(), "abcdef");
  EXPECT_TRUE(Create(Path(), Existing::kAppend).Close().ok());
  EXPECT_EQ(Contents(), "abcdef");
  EXPECT_TRUE(Create(Path()).Close().ok());
  EXPECT_EQ(Contents(), "");
}

TEST_F(WriterTest, NewFilesGetTheirPermissions) {
  WriterOptions options;
  options.permissions = 0600;
  EXPECT_TRUE(Writer::Open(Path(), options)->Close().ok());
  struct stat info;
  ASSERT_EQ(stat(Path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(WriterTest, FsyncSucceedsOnFilesAndPipes) {
  Writer writer = Create(Path());
  EXPECT_TRUE(writer.Write("abc") && writer.Fsync().ok());
  EXPECT_EQ(Contents(), "abc");
  EXPECT_TRUE(writer.Close().ok());
  const Pipe pipe;
  Writer to_pipe(File::Adopt(dup(pipe.write_end.get()), "a pipe"), OnQueue());
  EXPECT_TRUE(to_pipe.Fsync().ok());
  EXPECT_TRUE(to_pipe.Close().ok());
}

TEST_F(WriterTest, FsyncSucceedsWhereNothingCanBeSynced) {
  const Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  Writer writer(File::Adopt(dup(null.get()), "/dev/null"), OnQueue());
  EXPECT_TRUE(writer.Write("abc") && writer.Fsync().ok()) << writer.status();
  EXPECT_TRUE(writer.Close().ok());
}

TEST_F(WriterTest, FsyncOfADeviceFailsWithTheErrorOfTheDevice) {
  if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        RefuseCalls({{SYS_fsync, EIO}});
        Writer writer(
            File::Adopt(open("/dev/null", O_WRONLY | O_CLOEXEC), "a device"),
            OnQueue());
        std::cerr << writer.Fsync();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "cannot sync a device: EIO");
}

// The first block device of this system that may be opened; nothing is written.
Fd OpenBlockDevice() {
  for (const auto& entry : std::filesystem::directory_iterator("/dev")) {
    if (!entry.is_block_file()) continue;
    Fd fd(open(entry.path().c_str(),
               O_RDONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC));
    if (fd.get() >= 0) return fd;
  }
  return Fd();
}

TEST_F(WriterTest, FsyncOfAnAppendingBlockDeviceIsMade) {
  const Fd device = OpenBlockDevice();
  if (device.get() < 0) GTEST_SKIP() << "no block device may be opened";
  FaultOptions faults;
  faults.script.push_back({FaultOptions::Kind::kSync, 1, Fault::kIoError});
  Queue queue({}, std::make_unique<FaultBackend>(
                      faults, std::make_unique<SyncBackend>()));
  StreamOptions options;
  options.queue = &queue;
  Writer writer(File::Adopt(dup(device.get()), "a device"), options);
  ExpectMessage(writer.Fsync(), "EIO");
  EXPECT_FALSE(writer.Close().ok());
}

TEST_F(WriterTest, WritesAPipeInOrder) {
  Pipe pipe;
  const std::string contents = Pattern(100 * kBlock + 1);
  std::string read_back;
  std::thread reader([&] {
    char buffer[1000];
    ssize_t n;
    while ((n = read(pipe.read_end.get(), buffer, sizeof(buffer))) > 0) {
      read_back.append(buffer, static_cast<size_t>(n));
    }
  });
  Writer writer(File::Adopt(dup(pipe.write_end.get()), "a pipe"), OnQueue());
  pipe.write_end.Close();
  EXPECT_TRUE(writer.Write(contents));
  EXPECT_EQ(writer.Tell(), static_cast<int64_t>(contents.size()));
  EXPECT_TRUE(writer.Close().ok());
  reader.join();
  EXPECT_TRUE(read_back == contents);
}

TEST_F(WriterTest, ABrokenPipeIsAnErrorAndNothingFollowsIt) {
  Pipe pipe;
  Writer writer(File::Adopt(dup(pipe.write_end.get()), "a pipe"), OnQueue());
  pipe.read_end.Close();
  EXPECT_FALSE(writer.Write(Pattern(10 * kBlock)));
  EXPECT_FALSE(writer.PutC('x'));
  ExpectMessage(writer.status(), "a pipe: write of 4096 bytes at the file");
  ExpectMessage(writer.status(), "EPIPE (Broken pipe)");
  EXPECT_EQ(writer.Close(), writer.status());
  EXPECT_EQ(writer.Close(), writer.status());
}

TEST_F(WriterTest, AFifoOpenedByNameBreaksToo) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  Fd end(open(Path("fifo").c_str(), O_RDONLY | O_NONBLOCK));
  Writer writer = Create(Path("fifo"));
  end.Close();
  EXPECT_TRUE(writer.Write("abc"));
  ExpectMessage(writer.Close(), "EPIPE");
}

TEST_F(WriterTest, AppendsToAnAppendingFd) {
  scratch_.NewFile("file", "abc");
  const int fd = open(Path().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  Writer writer(File::Adopt(fd, Path()), OnQueue());
  EXPECT_FALSE(writer.seekable());
  EXPECT_EQ(*writer.Size(), 3);
  EXPECT_TRUE(writer.Write("hello"));
  EXPECT_EQ(*writer.Size(), 8);  // The bytes are not in the file yet.
  const std::string more = Pattern(5 * kBlock + 1);
  EXPECT_TRUE(writer.Write(more));
  EXPECT_EQ(*writer.Size(), static_cast<int64_t>(8 + more.size()));
  std::ofstream(Path(), std::ios::app) << "others, too";
  EXPECT_EQ(*writer.Size(), static_cast<int64_t>(19 + more.size()));
  EXPECT_TRUE(writer.Flush().ok());
  EXPECT_EQ(*writer.Size(), static_cast<int64_t>(19 + more.size()));
  EXPECT_TRUE(writer.Close().ok()) << writer.status();
  const size_t sent = (5 + more.size()) / kBlock * kBlock;
  const std::string mine = "hello" + more;
  EXPECT_TRUE(Contents() ==
              "abc" + mine.substr(0, sent) + "others, too" + mine.substr(sent));
}

TEST_F(WriterTest, SizeIncludesAppendsInFlight) {
  ManualQueue q(SmallBlocks());
  StreamOptions options;
  options.queue = &q.queue;
  const Fd fd = scratch_.Open("file", "abc", O_APPEND);
  Writer writer(File::Adopt(dup(fd.get()), "file"), options);
  EXPECT_TRUE(writer.Write(Pattern(kBlock)) && writer.PutC('x'));
  EXPECT_EQ(q.held->running.size(), 1u);
  EXPECT_EQ(*writer.Size(), static_cast<int64_t>(3 + kBlock + 1));
  EXPECT_TRUE(writer.Close().ok()) << writer.status();
}

TEST_F(WriterTest, RefusesToAppendByDirectIo) {
  const auto direct = File::Open(scratch_.NewFile("file"), O_RDWR | O_APPEND);
  ASSERT_TRUE(direct.ok());
  if (!direct->direct()) GTEST_SKIP() << direct->why_buffered();
  Writer writer(&*direct, OnQueue());
  EXPECT_FALSE(writer.PutC('x'));
  EXPECT_EQ(
      writer.Close().message(),
      absl::StrCat("cannot append by O_DIRECT, which writes whole sectors, to ",
                   Path(), ": EINVAL (Invalid argument)"));
}

TEST_F(WriterTest, SetsTheFdsPositionAtClose) {
  const Fd fd = scratch_.Open("file", "abcdef");
  ASSERT_EQ(lseek(fd.get(), 2, SEEK_SET), 2);
  File file = File::Adopt(fd.get(), "borrowed");
  Writer writer(&file, OnQueue(kFilePosition));
  EXPECT_TRUE(writer.Write("XY"));
  EXPECT_TRUE(writer.Close().ok());
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), 4);
  EXPECT_EQ(Contents(), "abXYef");
  file.Release();
}

TEST_F(WriterTest, AFullDeviceIsAnErrorAtTheNextBlockAndAtClose) {
  Writer writer = Create("/dev/full");
  bool ok = true;
  for (size_t i = 0; i < 4 * kBlock && ok; ++i) ok = writer.PutC('x');
  EXPECT_FALSE(ok);
  ExpectMessage(writer.status(), "ENOSPC (No space left on device)");
  ExpectMessage(writer.Close(), "/dev/full");
}

TEST_F(WriterTest, ExceedingTheFileSizeLimitIsAnError) {
  absl::Status status;
  {
    const FileSizeLimit limit(8 * kBlock);
    Writer writer = Create(Path());
    writer.Write(Pattern(20 * kBlock));
    status = writer.Close();
  }
  ExpectMessage(status, "EFBIG (File too large)");
  ExpectMessage(status, Path());
  ExpectMessage(status, "write of 4096 bytes at offset");
  EXPECT_EQ(SizeOnDisk(), static_cast<int64_t>(8 * kBlock));
}

TEST_F(WriterTest, ResizingBeyondTheFileSizeLimitIsAnError) {
  const FileSizeLimit limit(8 * kBlock);
  Writer reserves = Create(Path());
  EXPECT_FALSE(reserves.Preallocate(20 * kBlock));
  ExpectMessage(reserves.Close(), "EFBIG (File too large)");
  Writer grows = Create(Path());
  EXPECT_FALSE(grows.Truncate(20 * kBlock));
  ExpectMessage(grows.Close(), "EFBIG (File too large)");
}

TEST_F(WriterTest, DirectoriesAndMissingFoldersCannotBeOpened) {
  ExpectMessage(Writer::Open(scratch_.Path("")).status(), "EISDIR");
  ExpectMessage(Writer::Open("/no/such/file").status(), "ENOENT");
}

TEST_F(WriterTest, AReadOnlyFdIsAnErrorThatSaysSo) {
  const int fd = open(scratch_.NewFile("file").c_str(), O_RDONLY | O_CLOEXEC);
  Writer writer(File::Adopt(fd, Path()), OnQueue());
  EXPECT_TRUE(writer.Write("abc"));
  ExpectMessage(writer.Close(), "it is not open for writing");
}

TEST_F(WriterTest, WritesBeyondFourGibibytes) {
  constexpr int64_t kFar = (int64_t{5} << 30) + 3;
  Writer writer = Create(Path());
  EXPECT_TRUE(writer.Seek(kFar) && writer.Write("xyz"));
  EXPECT_EQ(*writer.Size(), kFar + 3);
  EXPECT_TRUE(writer.Close().ok()) << writer.status();
  EXPECT_EQ(SizeOnDisk(), kFar + 3);
  Reader reader = Open(Path());
  EXPECT_TRUE(reader.Seek(kFar - 1));
  EXPECT_EQ(ReadAll(&reader), std::string("\0xyz", 4));
}

TEST_F(WriterTest, BeyondTheLastOffsetIsAnError) {
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max() - 10;
  Writer writer = Create(Path());
  EXPECT_TRUE(writer.Seek(kFar));
  EXPECT_FALSE(writer.Write(Pattern(100)));
  EXPECT_EQ(writer.Tell(), kFar);
  ExpectMessage(writer.status(), absl::StrCat("cannot write at offset ", kFar,
                                              " of ", Path(), ": EFBIG"));
  EXPECT_FALSE(writer.Close().ok());
  EXPECT_EQ(SizeOnDisk(), 0);
}

TEST_F(WriterTest, TheDestructorWritesWhatWasNotClosed) {
  testing::internal::CaptureStderr();
  Create(Path()).Write("abc");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Contents(), "abc");
#ifdef NDEBUG
  EXPECT_EQ(said, "");
#else
  EXPECT_EQ(said, absl::StrCat("uasio: ~Writer: ", Path(),
                               " was not closed by Close()\n"));
#endif
}

TEST_F(WriterTest, TheDestructorPrintsTheError) {
  testing::internal::CaptureStderr();
  Create("/dev/full").Write("abc");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("uasio: ~Writer: this error was not read: "),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("ENOSPC"), std::string::npos) << said;
}

TEST_F(WriterTest, CanBeMoved) {
  Writer first = Create(Path());
  EXPECT_TRUE(first.PutC('a'));
  Writer second = std::move(first);
  EXPECT_TRUE(second.PutC('b'));
  EXPECT_TRUE(second.Close().ok());
  EXPECT_EQ(Contents(), "ab");
}

using WriterDeathTest = WriterTest;

TEST_F(WriterDeathTest, BrokenRulesEndTheProgram) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  Writer writer = Create(Path());
  EXPECT_DEATH(static_cast<void>(writer.Window(kBlock + 1)),
               "more than window_max");
  EXPECT_TRUE(writer.Close().ok());
  EXPECT_DEATH(writer.PutC('x'), "Writer: it is closed");
  EXPECT_DEATH(writer.Seek(1), "Writer: it is closed");
  StreamOptions options = OnQueue(-2);
  const File file;
  EXPECT_DEATH(Writer(&file, options), "the offset is negative");
  options = OnQueue();
  options.depth = 0;
  EXPECT_DEATH(Writer(&file, options), "depth must not be 0");
}

TEST_F(WriterDeathTest, TheQueueMustKeepOrder) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  QueueOptions without;
  without.order = Order::kNone;
  Queue queue(without);
  StreamOptions options;
  options.queue = &queue;
  const File file;
  EXPECT_DEATH(Writer(&file, options), "its queue must keep Order::kRange");
}

}  // namespace
}  // namespace uasio
