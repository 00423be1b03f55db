// The contract of Use(): no request asks what is known of the file.  This
// program replaces statx() by one that counts the calls.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "asio/backend.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace {

std::atomic<int> questions{0};

}  // namespace

extern "C" int statx(int fd, const char* path, int flags, unsigned mask,
                     struct statx* info) noexcept {
  ++questions;
  return static_cast<int>(syscall(SYS_statx, fd, path, flags, mask, info));
}

namespace uasio {
namespace {

class UseTest : public BackendTest {
 protected:
  // Why statx() tells nothing of Use(); "" if it does.
  std::string WhyOthersAsk() const {
    const bool faults = absl::StrContains(GetParam().name, "fault");
    return faults && GetParam().direct
               ? "what follows a short direct read asks for the alignment"
               : "";
  }

  // Reads block `at` and returns it; adds to asked_.
  std::string Read(Queue* queue, int fd, size_t at) {
    const int before = questions;
    Request* r = Submit(queue, Op::kRead, fd, At(at), block());
    if (queue->WaitUntil(TestDeadline()) != r) return "nothing";
    asked_ += questions - before;
    const std::string text = TextOf(BytesOf(*r));
    queue->Put(r);
    return text;
  }

  int asked_ = 0;
};
UASIO_INSTANTIATE_BACKENDS(UseTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(UseTest);

TEST_P(UseTest, NoRequestAsksAboutAUsedFile) {
  if (!WhyOthersAsk().empty()) GTEST_SKIP() << WhyOthersAsk();
  const BlockFile file = MakeFile("abcd");
  const auto queue = MakeQueue();
  EXPECT_EQ(Read(queue.get(), file.fd(), 0), "a");
  EXPECT_EQ(asked_, 1);
  queue->Use(file.fd());
  queue->Use(file.fd());
  const int before = asked_;
  for (size_t at = 0; at < 4; ++at) {
    EXPECT_EQ(Read(queue.get(), file.fd(), at), std::string(1, "abcd"[at]));
  }
  EXPECT_EQ(asked_, before);
  EXPECT_TRUE(queue->Forget(file.fd()).ok());
  for (int i = 1; i <= 2; ++i) {
    EXPECT_EQ(Read(queue.get(), file.fd(), 0), "a");
    EXPECT_EQ(asked_, before + i);
  }
}

TEST_P(UseTest, AFileInFlightMayBeUsed) {
  if (!WhyOthersAsk().empty()) GTEST_SKIP() << WhyOthersAsk();
  const BlockFile file = MakeFile("abcd");
  const auto queue = MakeQueue();
  Request* r = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
  queue->Use(file.fd());
  EXPECT_EQ(Finish(queue.get(), r), static_cast<int64_t>(block()));
  EXPECT_EQ(Read(queue.get(), file.fd(), 1), "b");
  EXPECT_EQ(asked_, 0);
}

TEST_P(UseTest, OrderIsKeptOnAUsedFile) {
  const BlockFile file = MakeFile("abcd");
  const auto queue = MakeQueue();
  queue->Use(file.fd());
  for (int round = 0; round < 50; ++round) {
    const std::string text(1, static_cast<char>('a' + round % 26));
    SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), 0, Blocks(text));
    EXPECT_EQ(Read(queue.get(), file.fd(), 0), text);
  }
  EXPECT_TRUE(queue->Forget(file.fd()).ok());
}

// More files than requests: their descriptors must leave the requests theirs.
TEST_P(UseTest, UsedFilesTakeNothingFromTheRequests) {
  QueueOptions options;
  options.requests_max = 2;
  const BlockFile file = MakeFile("abcd");
  const auto queue = MakeQueue(options);
  const Pipe pipes[20];
  for (const Pipe& pipe : pipes) queue->Use(pipe.read_end.get());
  EXPECT_EQ(Read(queue.get(), file.fd(), 0), "a");
  for (const Pipe& pipe : pipes) {
    pipe.Put("x");
    const int end = pipe.read_end.get();
    Request* a = Submit(queue.get(), Op::kRead, file.fd(), 0, block());
    Request* b = Submit(queue.get(), Op::kRead, end, kFilePosition, 1);
    EXPECT_TRUE(queue->Sync().ok());
    for (Request* r : {a, b}) EXPECT_GT(r->result, 0);
    while (Request* r = queue->TryWait()) queue->Put(r);
    EXPECT_TRUE(queue->Forget(end).ok());
  }
}

// An empty file may be one of /proc, whose size is always 0.
TEST_P(UseTest, AFileThatWasEmptyIsAskedAboutUntilItIsNot) {
  if (GetParam().direct) GTEST_SKIP() << "a direct file never waits";
  const auto queue = MakeQueue();
  const ScratchFile file;
  queue->Use(file.fd());
  EXPECT_EQ(Read(queue.get(), file.fd(), 0), "");
  EXPECT_EQ(asked_, 1);
  ASSERT_EQ(pwrite(file.fd(), "abc", 3, 0), 3);
  EXPECT_EQ(Read(queue.get(), file.fd(), 0), "a");
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(Read(queue.get(), file.fd(), 1), "b");
  EXPECT_EQ(asked_, 2);
}

// The number is a pipe first, then a file: it must be a file to the queue.
TEST_P(UseTest, CloseEndsTheUse) {
  const auto queue = MakeQueue();
  const BlockFile block_file = MakeFile("abcd");
  EXPECT_EQ(Read(queue.get(), block_file.fd(), 3), "d");
  const ScratchFile scratch("0123456789");
  const Pipe pipe;
  File file = File::Adopt(dup(pipe.read_end.get()), "pipe");
  const int number = file.fd();
  queue->Use(file);
  EXPECT_TRUE(queue->Close(&file).ok());
  ASSERT_EQ(dup2(scratch.fd(), number), number);
  const Fd closer(number);
  Request* r = Submit(queue.get(), Op::kRead, number, 8, 1);
  EXPECT_EQ(Finish(queue.get(), r), 1);
  EXPECT_EQ(BytesOf(*r), "8");
}

TEST(UseDeathTest, AFileThatIsNotOpen) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(Queue().Use(File()), "Use: the file is not open");
}

TEST(UseDeathTest, ForgettingAUsedFileWithRequestsInFlight) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Pipe pipe;
  EXPECT_DEATH(
      {
        Queue queue;
        queue.Use(pipe.read_end.get());
        Submit(&queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
        queue.Forget(pipe.read_end.get()).IgnoreError();
      },
      "Forget: requests are in flight on the fd");
}

// Leaves all requests to the workers, and records the files that it is told of.
class FilesBackend final : public Backend {
 public:
  explicit FilesBackend(std::string* log) : log_(log) {}

  absl::string_view name() const override { return "files"; }
  bool Takes(const Request&) const override { return false; }
  void Attach(int) override {}
  size_t Start(absl::Span<Request* const>) override { return 0; }
  size_t Reap(absl::Span<Completion>, size_t, Deadline) override { return 0; }
  void Cancel(Request*) override {}
  void AddFile(int) override { log_->append("+"); }
  void RemoveFile(int) override { log_->append("-"); }

 private:
  std::string* const log_;
};

// A stream uses its file itself; to register it is for the user.
TEST(UseByStreamsTest, BackendsAreToldOfFilesThatTheUserUses) {
  const Scratch scratch;
  std::string log;
  Queue queue(QueueOptions(), std::make_unique<FilesBackend>(&log));
  ReaderOptions options;
  options.queue = &queue;
  for (const bool uses : {false, true}) {
    absl::StatusOr<Reader> in =
        Reader::Open(scratch.NewFile("file", "abc"), options);
    ASSERT_TRUE(in.ok()) << in.status();
    if (uses) queue.Use(in->file());
    EXPECT_EQ(log, uses ? "+" : "");
    EXPECT_EQ(in->GetC(), 'a');
    EXPECT_TRUE(in->Close().ok());
  }
  EXPECT_EQ(log, "+-");
}

TEST(UseByStreamsTest, LinesDoNotAskAgain) {
  const Scratch scratch;
  WriterOptions options;
  options.existing = WriterOptions::Existing::kKeep;
  options.mode = File::Mode::kBuffered;
  absl::StatusOr<Writer> out =
      Writer::Open(scratch.NewFile("file", "abc"), options);
  ASSERT_TRUE(out.ok()) << out.status();
  const int before = questions;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(out->Write("line\n") && out->Flush().ok());
  }
  EXPECT_EQ(questions, before);
  EXPECT_TRUE(out->Close().ok());
}

}  // namespace
}  // namespace uasio
