// Files of FUSE, which answer reads with any length, and whose sizes may be
// wrong: what read(2) in a loop finds in them is what they hold.

#include "asio/testing/fuse.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "asio/buffer.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/testing/backend.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kBytes = 100000;

class FuseTest : public BackendTest {
 protected:
  static FuseOptions WithContents() {
    FuseOptions options;
    options.contents = Pattern(kBytes);
    return options;
  }

  // Files that answer oddly, each with Pattern(kBytes) in it.
  static std::vector<FuseOptions> OddFiles() {
    std::vector<FuseOptions> files;
    for (const size_t bytes_max : {1000, 4096, 7001, 1 << 20}) {
      for (const int64_t told : {-1, 0, 4096, 65536, 1 << 20}) {
        FuseOptions file = WithContents();
        file.read_bytes_max = bytes_max;
        file.told_size = told;
        files.push_back(file);
      }
    }
    return files;
  }

  // Calls test(file) with each.
  template <typename Test>
  static void ForEachOddFile(Test test) {
    for (const FuseOptions& odd : OddFiles()) {
      const FuseFile file(odd);
      if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
      SCOPED_TRACE(NameOf(odd));
      test(file);
    }
  }

  static std::string NameOf(const FuseOptions& file) {
    return "size told as " + std::to_string(file.told_size) + ", " +
           std::to_string(file.read_bytes_max) + " bytes a read";
  }
};
UASIO_INSTANTIATE_BACKENDS(FuseTest);

TEST_P(FuseTest, AReadIsShortOnlyAtTheEndOfTheFile) {
  QueueOptions options;
  options.buffer_bytes = 128 << 10;
  const auto queue = MakeQueue(options);
  ForEachOddFile([&](const FuseFile& file) {
    for (const int flags : {0, O_DIRECT}) {
      const Fd fd(open(file.path().c_str(), O_RDONLY | O_CLOEXEC | flags));
      ASSERT_GE(fd.get(), 0);
      Request* r = Submit(queue.get(), Op::kRead, fd.get(), 0, 128 << 10);
      ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
      EXPECT_TRUE(BytesOf(*r) == Pattern(kBytes))
          << r->result << " bytes, O_DIRECT " << flags;
      queue->Put(r);
    }
  });
}

TEST_P(FuseTest, AReaderReadsWhatTheFileHolds) {
  QueueOptions options;
  options.buffer_bytes = 16 << 10;
  const auto queue = MakeQueue(options);
  ForEachOddFile([&](const FuseFile& file) {
    ReaderOptions reading;
    reading.mode = File::Mode::kDirect;
    reading.queue = queue.get();
    auto reader = Reader::Open(file.path(), reading);
    ASSERT_TRUE(reader.ok()) << reader.status();
    std::string back(2 * kBytes, '\0');
    back.resize(reader->Read(back.data(), back.size()));
    EXPECT_TRUE(back == Pattern(kBytes)) << back.size() << " bytes";
    EXPECT_TRUE(reader->Close().ok()) << reader->status();
  });
}

TEST_P(FuseTest, AFileIsBufferedWhereNothingTellsOfDirectIo) {
  const FuseFile served(WithContents());
  if (!served.why_not().empty()) GTEST_SKIP() << served.why_not();
  const auto file = File::Open(served.path(), O_RDONLY);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->direct());
  EXPECT_EQ(file->why_buffered(),
            "a file of FUSE does not tell whether direct I/O works");
}

TEST_P(FuseTest, AnErrorAtTheToldEndIsTheReadersError) {
  const auto queue = MakeQueue();
  FuseOptions broken = WithContents();
  broken.told_size = broken.error_at = broken.read_bytes_max = 4096;
  const FuseFile file(broken);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  ReaderOptions reading;
  reading.mode = File::Mode::kDirect;
  reading.queue = queue.get();
  auto reader = Reader::Open(file.path(), reading);
  ASSERT_TRUE(reader.ok()) << reader.status();
  std::string back(kBytes, '\0');
  reader->Seek(4096);
  EXPECT_EQ(reader->Read(back.data(), back.size()), 0u);
  EXPECT_NE(std::string(reader->Close().message()).find("EIO"),
            std::string::npos)
      << reader->status();
}

// Of a kernel's backend it would, until the server answers.
TEST_P(FuseTest, SubmitDoesNotWaitForTheServer) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  constexpr size_t kReads = 32;
  const auto queue = MakeQueue();
  FuseOptions slow = WithContents();
  slow.holds_reads = true;
  FuseFile file(slow);
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const Fd submitted(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::thread server([&] {
    EXPECT_TRUE(TakeSignal(submitted.get(), 10000)) << "Submit() waits";
    file.Release();
  });
  const Fd fd(open(file.path().c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  for (size_t i = 0; i < kReads; ++i) {
    Submit(queue.get(), Op::kRead, fd.get(), static_cast<int64_t>(i) * 512,
           512);
  }
  EXPECT_EQ(eventfd_write(submitted.get(), 1), 0);
  server.join();
  EXPECT_EQ(FinishAll(queue.get()), kReads);
}

// The attributes of its files have expired, and no file system was asked yet.
TEST_P(FuseTest, SubmitDoesNotAskTheServerAboutTheFile) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  FuseFile file(WithContents());
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const Fd buffered(open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
  const Fd direct(open(file.path().c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  file.Mute();
  const Fd submitted(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::thread server([&] {
    EXPECT_TRUE(TakeSignal(submitted.get(), 10000)) << "Submit() waits";
    file.Release();
  });
  for (const Fd* fd : {&buffered, &direct}) {
    for (int i = 0; i < 2; ++i) {
      Submit(queue.get(), Op::kRead, fd->get(), 0, 4096);
    }
  }
  EXPECT_EQ(eventfd_write(submitted.get(), 1), 0);
  server.join();
  for (int i = 0; i < 4; ++i) {
    Request* r = queue->WaitUntil(TestDeadline());
    ASSERT_NE(r, nullptr);
    EXPECT_TRUE(BytesOf(*r) == Pattern(kBytes).substr(0, 4096));
    queue->Put(r);
  }
}

class FuseLogTest : public BackendTest {
 protected:
  static FuseOptions Log(const std::string& contents) {
    FuseOptions options;
    options.contents = contents;
    options.told_size = 0;
    options.is_log = true;
    return options;
  }
};
UASIO_INSTANTIATE_BACKENDS(FuseLogTest);

// The kernel's log is such a file.
TEST_P(FuseLogTest, AReadOfAFileThatMayWaitGivesWhatThereIs) {
  const auto queue = MakeQueue();
  FuseFile file(Log("hello"));
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  for (const int flags : {0, O_DIRECT}) {
    const Fd fd(open(file.path().c_str(), O_RDONLY | O_CLOEXEC | flags));
    for (const int64_t offset : {int64_t{0}, kFilePosition, int64_t{4096}}) {
      Request* r = Submit(queue.get(), Op::kRead, fd.get(), offset, 4096);
      ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
      EXPECT_EQ(BytesOf(*r), "hello");
      queue->Put(r);
      file.Append("hello");
    }
  }
}

TEST_P(FuseLogTest, AReadWaitsForBytes) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  FuseFile file(Log(""));
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const Fd fd(open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
  Request* r = Submit(queue.get(), Op::kRead, fd.get(), 0, 4096);
  EXPECT_EQ(queue->TryWait(), nullptr);
  file.Append("late");
  ASSERT_EQ(queue->WaitUntil(TestDeadline()), r);
  EXPECT_EQ(BytesOf(*r), "late");
}

TEST_P(FuseLogTest, AReadThatWaitsCanBeCancelled) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const auto queue = MakeQueue();
  FuseFile file(Log(""));
  if (!file.why_not().empty()) GTEST_SKIP() << file.why_not();
  const Fd fd(open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
  Request* r = Submit(queue.get(), Op::kRead, fd.get(), 0, 4096);
  file.WaitForPoll();
  queue->Cancel(r);
  EXPECT_EQ(Finish(queue.get(), r), -ECANCELED);
}

}  // namespace
}  // namespace uasio
