// Many streams share a queue with explicit requests: each gets its own results,
// and its own errors.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "asio/backends/fault.h"
#include "asio/backends/sync.h"
#include "asio/internal/request_transfer.h"
#include "asio/streams/copy.h"
#include "asio/streams/default_queue.h"
#include "asio/streams/stream_testing.h"
#include "asio/syscalls/perform.h"
#include "asio/testing/backends.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/one_call_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

// Performs requests, except on some files, where they fail with EIO.
class FailingBackend final : public Backend {
 public:
  // The names of these files, without the folder.
  explicit FailingBackend(std::set<std::string>* names) : names_(names) {}

  absl::string_view name() const override { return "failing"; }
  bool Takes(const Request&) const override { return true; }
  bool FinishesTransfers() const override { return true; }
  void Attach(int) override {}

  size_t Start(absl::Span<Request* const> batch) override {
    for (Request* r : batch) {
      Transfer t = internal::MakeTransfer(*r);
      const int64_t result = Fails(*r) ? -EIO : Perform(&t);
      done_.push_back({r, result, t.done});
    }
    return done_.size();
  }

  size_t Reap(absl::Span<Completion> out, size_t, Deadline) override {
    size_t count = 0;
    for (; count < out.size() && !done_.empty(); ++count) {
      out[count] = done_.front();
      done_.pop_front();
    }
    return count;
  }

  void Cancel(Request*) override {}

 private:
  bool Fails(const Request& r) const {
    char path[4096] = {};
    const std::string link = absl::StrCat("/proc/self/fd/", r.fd);
    return readlink(link.c_str(), path, sizeof(path) - 1) > 0 &&
           names_->count(std::strrchr(path, '/') + 1) > 0;
  }

  std::set<std::string>* const names_;
  std::deque<Completion> done_;
};

class SharingTest : public testing::Test {
 protected:
  static constexpr size_t kStreams = 64;
  static constexpr size_t kBlock = 4096;

  static QueueOptions Options(size_t requests) {
    QueueOptions options;
    options.buffer_bytes = kBlock;
    options.requests_max = requests;
    return options;
  }

  static std::string Name(size_t i) { return absl::StrCat("file", i); }
  std::string Path(size_t i) const { return scratch_.Path(Name(i)); }

  // Opens one stream on each file.
  template <typename AnyStream, typename AnyOptions>
  std::vector<AnyStream> OpenAll(Queue* queue) const {
    std::vector<AnyStream> streams;
    AnyOptions options;
    options.mode = File::Mode::kDirect;
    options.queue = queue;
    for (size_t i = 0; i < kStreams; ++i) {
      auto stream = AnyStream::Open(Path(i), options);
      EXPECT_TRUE(stream.ok()) << stream.status();
      streams.push_back(*std::move(stream));
    }
    return streams;
  }
  std::vector<Writer> Writers(Queue* queue) const {
    return OpenAll<Writer, WriterOptions>(queue);
  }
  std::vector<Reader> Readers(Queue* queue) const {
    return OpenAll<Reader, ReaderOptions>(queue);
  }

  // Writes until the pipe takes no more.
  static void FillPipe(int write_end) {
    const int flags = fcntl(write_end, F_GETFL);
    fcntl(write_end, F_SETFL, flags | O_NONBLOCK);
    const std::string block(kBlock, 'x');
    while (write(write_end, block.data(), block.size()) > 0) continue;
    fcntl(write_end, F_SETFL, flags);
  }

  static std::string Line(size_t stream, size_t i) {
    return absl::StrCat("line ", i, " of ", stream, "\n");
  }

  const Scratch scratch_;
};

TEST_F(SharingTest, EachErrorReachesItsOwnStreamWhileOpenAndAtClose) {
  std::set<std::string> failing;
  for (size_t i = 0; i < kStreams; i += 3) failing.insert(Name(i));
  Queue queue(Options(256), std::make_unique<FailingBackend>(&failing));
  std::vector<Writer> writers = Writers(&queue);
  for (size_t line = 0; line < 2000; ++line) {
    for (size_t i = 0; i < kStreams; ++i) writers[i].Write(Line(i, line));
  }
  for (size_t i = 0; i < kStreams; ++i) {
    const bool fails = failing.count(Name(i)) > 0;
    EXPECT_EQ(writers[i].ok(), !fails);
    const std::string message(writers[i].status().message());
    EXPECT_EQ(message.find(Path(i)) != std::string::npos, fails) << message;
    EXPECT_EQ(writers[i].Flush(), writers[i].status());
    EXPECT_EQ(writers[i].Close(), writers[i].status());
    EXPECT_EQ(writers[i].status().message(), message);
  }
  EXPECT_TRUE(queue.Sync().ok());  // The queue keeps no error.
  failing.clear();
  failing.insert(Name(1));
  std::vector<Reader> readers = Readers(&queue);
  for (size_t i = 0; i < kStreams; ++i) {
    if (i % 3 == 0) continue;
    absl::string_view line;
    size_t lines = 0;
    while (readers[i].ReadLine(&line, 100)) EXPECT_EQ(line, Line(i, lines++));
    EXPECT_EQ(lines, i == 1 ? 0u : 2000u);
    EXPECT_EQ(readers[i].Close().ok(), i != 1);
  }
}

// The fault backend makes writes fail at random.
TEST_F(SharingTest, AWriterWithoutAnErrorHasWrittenAll) {
  FaultOptions faults;
  faults.rates[static_cast<size_t>(Fault::kNoSpace)] = 0.02;
  faults.rates[static_cast<size_t>(Fault::kShort)] = 0.2;
  faults.rates[static_cast<size_t>(Fault::kDelayed)] = 0.2;
  faults.reorder = true;
  faults.seed = TestSeed(1);
  auto owned = std::make_unique<FaultBackend>(
      faults, std::make_unique<OneCallBackend>());
  const FaultBackend* backend = owned.get();
  Queue queue(Options(256), std::move(owned));
  std::vector<Writer> writers = Writers(&queue);
  std::string contents;
  for (size_t line = 0; line < 3000; ++line) {
    for (Writer& writer : writers) writer.Write(Line(0, line));
    contents += Line(0, line);
  }
  size_t failed = 0;
  for (size_t i = 0; i < kStreams; ++i) {
    const bool ok = writers[i].ok() && writers[i].Close().ok();
    failed += !ok;
    EXPECT_EQ(writers[i].Close().ok(), ok);
    EXPECT_TRUE(!ok || Contents(Path(i)) == contents);
  }
  EXPECT_GT(failed, 0u);
  EXPECT_LT(failed, kStreams);
  EXPECT_LE(failed, backend->count(Fault::kNoSpace));
}

TEST_F(SharingTest, AFailedFsyncStaysWithItsStream) {
  FaultOptions faults;
  faults.script.push_back({FaultOptions::Kind::kSync, 1, Fault::kIoError});
  Queue queue(Options(8), std::make_unique<FaultBackend>(
                              faults, std::make_unique<SyncBackend>()));
  WriterOptions options;
  options.queue = &queue;
  auto writer = Writer::Open(Path(0), options);
  auto other = Writer::Open(Path(1), options);
  ASSERT_TRUE(writer.ok() && other.ok());
  EXPECT_TRUE(writer->Write("abc") && other->Write("abc"));
  const absl::Status status = writer->Fsync();
  EXPECT_NE(status.message().find("fsync on fd"), std::string::npos) << status;
  EXPECT_EQ(writer->Fsync(), status);
  EXPECT_TRUE(other->Fsync().ok());
  EXPECT_TRUE(queue.Sync().ok());
  EXPECT_EQ(writer->Close(), status);
  EXPECT_TRUE(other->Close().ok());
}

TEST_F(SharingTest, StreamsMustNotWaitInAHandler) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        Queue queue(Options(8));
        ReaderOptions options;
        options.mode = File::Mode::kDirect;
        options.queue = &queue;
        auto reader = Reader::Open("/dev/zero", options);
        Request* r = Prepare(&queue, Op::kNoOp);
        r->user_data = &*reader;
        r->handler = [](Request* done) noexcept {
          static_cast<Reader*>(done->user_data)->GetC();
        };
        queue.Submit(r);
        queue.Sync().IgnoreError();
      },
      "a handler must not wait for results");
}

// There is one request for each of 64 readers, and one for the writer.
TEST_F(SharingTest, AsManyStreamsAsRequestsMakeProgress) {
  Queue queue(Options(kStreams + 1));
  std::vector<Writer> writers = Writers(&queue);
  for (size_t line = 0; line < 3000; ++line) {
    for (size_t i = 0; i < kStreams; ++i) {
      ASSERT_TRUE(writers[i].Write(Line(i, line))) << writers[i].status();
    }
  }
  for (Writer& writer : writers) EXPECT_TRUE(writer.Close().ok());
  std::vector<Reader> readers = Readers(&queue);
  WriterOptions options;
  options.queue = &queue;
  auto merged = Writer::Open(scratch_.Path("merged"), options);
  ASSERT_TRUE(merged.ok());
  std::string contents;
  for (size_t line = 0; line < 3000; ++line) {
    for (size_t i = 0; i < kStreams; ++i) {
      absl::string_view read;
      ASSERT_TRUE(readers[i].ReadLine(&read, 100)) << readers[i].status();
      ASSERT_TRUE(merged->Write(read)) << merged->status();
      contents += Line(i, line);
    }
  }
  EXPECT_TRUE(merged->Close().ok());
  EXPECT_TRUE(Contents(scratch_.Path("merged")) == contents);
}

TEST_F(SharingTest, AReaderReleasesReadAheadForAStreamWithoutRequests) {
  const std::string contents = Pattern(64 * kBlock);
  scratch_.NewFile("file0", contents);
  Queue queue(Options(4));
  ReaderOptions options;
  options.mode = File::Mode::kDirect;
  options.queue = &queue;
  options.depth = 16;
  auto rich = Reader::Open(Path(0), options);
  ASSERT_TRUE(rich.ok());
  EXPECT_EQ(rich->Skip(1), 1);
  std::string read(4 * kBlock, '\0');
  EXPECT_EQ(rich->Read(&read[0], read.size()), read.size());
  EXPECT_EQ(queue.Get(), nullptr);  // `rich` has them all.
  auto poor = Reader::Open(Path(0), options);
  WriterOptions write_options;
  write_options.queue = &queue;
  auto writer = Writer::Open(Path(1), write_options);
  ASSERT_TRUE(poor.ok() && writer.ok());
  EXPECT_EQ(poor->GetC(), contents[0]);
  EXPECT_TRUE(writer->Write(contents)) << writer->status();
  EXPECT_TRUE(writer->Close().ok());
  for (size_t i = 1 + read.size(); i < contents.size(); ++i) {
    ASSERT_EQ(rich->GetC(), contents[i]) << rich->status();
  }
}

// A block that is written to a full pipe may never complete.
TEST_F(SharingTest, AStreamDoesNotWaitForAFullPipe) {
  const std::string contents = Pattern(64 * kBlock);
  scratch_.NewFile("file0", contents);
  Queue queue(Options(8));
  StreamOptions options;
  options.queue = &queue;
  options.depth = 16;
  Pipe pipe;
  FillPipe(pipe.write_end.get());
  Writer to_pipe(File::Adopt(dup(pipe.write_end.get()), "a pipe"), options);
  EXPECT_TRUE(to_pipe.Write(Pattern(kBlock)) && to_pipe.Write("x"));
  EXPECT_FALSE(to_pipe.Size().ok());
  ReaderOptions read_options;
  read_options.mode = File::Mode::kDirect;
  static_cast<StreamOptions&>(read_options) = options;
  auto rich = Reader::Open(Path(0), read_options);
  auto poor = Reader::Open(Path(0), read_options);
  ASSERT_TRUE(rich.ok() && poor.ok());
  std::string read(4 * kBlock, '\0');
  EXPECT_EQ(rich->Read(&read[0], read.size()), read.size());
  EXPECT_EQ(queue.Get(), nullptr);  // `rich` has the rest.
  EXPECT_EQ(poor->GetC(), contents[0]);
  const DefaultSigpipe sigpipe;
  pipe.read_end.Close();
  EXPECT_FALSE(to_pipe.Close().ok());
}

TEST_F(SharingTest, OnlyTheQueuesThreadMayOpenAndCloseStreams) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const Fd fd = scratch_.Open("file0", "abc");
  const auto run = [](const std::function<void()>& what) {
    std::thread(what).join();
  };
  EXPECT_DEATH(
      {
        Queue queue(Options(8));
        StreamOptions options;
        options.queue = &queue;
        const File file = File::Adopt(dup(fd.get()), "borrowed");
        Reader reader(&file, options);
        run([&] { reader.Close().IgnoreError(); });
      },
      "Stream: only the thread that created it may close it");
  EXPECT_DEATH(
      {
        Queue queue(Options(8));
        StreamOptions options;
        options.queue = &queue;
        const File file = File::Adopt(dup(fd.get()), "borrowed");
        run([&] { Reader reader(&file, options); });
      },
      "only the thread that created the queue may use it");
}

TEST_F(SharingTest, AStreamWithoutARequestFailsWithTheReason) {
  Queue queue(Options(2));
  Request* mine[] = {queue.Get(), queue.Get()};
  WriterOptions options;
  options.queue = &queue;
  auto writer = Writer::Open(Path(0), options);
  ASSERT_TRUE(writer.ok());
  EXPECT_FALSE(writer->PutC('x'));
  EXPECT_EQ(writer->Close().message(),
            absl::StrCat(Path(0),
                         ": there is no buffer: all 2 requests of the queue "
                         "are in use, or there is no memory"));
  for (Request* r : mine) queue.Put(r);
}

class SharingOnBackendsTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(SharingOnBackendsTest);

TEST_P(SharingOnBackendsTest, StreamsLeaveExplicitRequestsToWait) {
  const auto queue = MakeQueue();
  const Scratch scratch;
  const std::string contents = Pattern(1 << 20);
  const Fd mine = scratch.Open("mine", contents);
  WriterOptions options;
  options.queue = queue.get();
  auto writer = Writer::Open(scratch.Path("file"), options);
  ASSERT_TRUE(writer.ok());
  ReaderOptions read_options;
  read_options.mode = File::Mode::kDirect;
  read_options.queue = queue.get();
  auto reader = Reader::Open(scratch.Path("mine"), read_options);
  ASSERT_TRUE(reader.ok());
  std::vector<Request*> submitted;
  for (int i = 0; i < 10; ++i) {
    submitted.push_back(
        Submit(queue.get(), Op::kRead, mine.get(), i * 4096, 4096));
    ASSERT_EQ(*Copy(&*reader, &*writer, 100000), 100000);
  }
  EXPECT_TRUE(writer->Close().ok());
  for (int i = 0; i < 10; ++i) {
    Request* back = queue->Wait();
    ASSERT_NE(back, nullptr);
    EXPECT_EQ(std::count(submitted.begin(), submitted.end(), back), 1);
    EXPECT_EQ(BytesOf(*back),
              contents.substr(static_cast<size_t>(back->offset), 4096));
    queue->Put(back);
  }
  EXPECT_EQ(queue->Wait(), nullptr);
  EXPECT_TRUE(reader->Close().ok());
  EXPECT_TRUE(Contents(scratch.Path("file")) == contents.substr(0, 1000000));
}

TEST(BlockReaderTest, ReadAheadDoublesUpToDepth) {
  const Scratch scratch;
  scratch.NewFile("file", Pattern(64 * 4096));
  QueueOptions options;
  options.buffer_bytes = 4096;
  ManualQueue q(options);
  ReaderOptions read_options;
  read_options.mode = File::Mode::kDirect;
  read_options.queue = &q.queue;
  read_options.depth = 4;
  auto reader = Reader::Open(scratch.Path("file"), read_options);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(q.held->started, 0u);  // No read-ahead before the first Pull().
  std::vector<size_t> started;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(reader->Pull());
    reader->Advance(reader->available());
    started.push_back(q.held->started);
  }
  EXPECT_EQ(started, (std::vector<size_t>{1, 3, 6, 8, 9, 10}));
  EXPECT_EQ(q.held->running_max, 5u);
  q.held->FinishAll();
}

TEST(BlockReaderTest, TheLargestDepthReadsAheadAllThatTheQueueHasRequestsFor) {
  const Scratch scratch;
  scratch.NewFile("file", Pattern(100 * 4096));
  QueueOptions options;
  options.buffer_bytes = 4096;
  options.requests_max = 16;
  ManualQueue q(options);
  ReaderOptions read_options;
  read_options.mode = File::Mode::kDirect;
  read_options.queue = &q.queue;
  for (const size_t depth : {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2}) {
    q.held->running_max = 0;
    read_options.depth = depth;
    auto reader = Reader::Open(scratch.Path("file"), read_options);
    ASSERT_TRUE(reader.ok());
    for (int i = 0; i < 80; ++i) {
      ASSERT_TRUE(reader->Pull());
      reader->Advance(reader->available());
    }
    EXPECT_EQ(q.held->running_max, 16u) << depth;
    EXPECT_GT(q.held->running.size(), 10u) << depth;
    q.held->FinishAll();
  }
}

TEST(BlockWriterTest, AtMostDepthBlocksAreInFlight) {
  const Scratch scratch;
  QueueOptions options;
  options.buffer_bytes = 4096;
  ManualQueue q(options);
  WriterOptions write_options;
  write_options.queue = &q.queue;
  write_options.depth = 3;
  auto writer = Writer::Open(scratch.Path("file"), write_options);
  ASSERT_TRUE(writer.ok());
  EXPECT_TRUE(writer->Write(Pattern(10 * 4096)));
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_EQ(q.held->running_max, 3u);
}

TEST(BlockWriterTest, WaitsForOthersOnTheFileBeforeItCutsPadding) {
  const Scratch scratch;
  QueueOptions options;
  options.buffer_bytes = 4096;
  ManualQueue q(options);
  q.held->when_awaited = [&] { q.held->Finish(q.held->running.back()); };
  WriterOptions write_options;
  write_options.queue = &q.queue;
  auto a = Writer::Open(scratch.Path("file"), write_options);
  auto stranger = Writer::Open(scratch.Path("other"), write_options);
  write_options.existing = WriterOptions::Existing::kKeep;
  write_options.offset = 8192;
  auto b = Writer::Open(scratch.Path("file"), write_options);
  ASSERT_TRUE(a.ok() && stranger.ok() && b.ok());
  if (!a->file().direct()) GTEST_SKIP() << a->file().why_buffered();
  EXPECT_TRUE(stranger->Write(Pattern(4096)) && stranger->PutC('x'));
  EXPECT_TRUE(b->Write(Pattern(4096)) && b->PutC('x'));
  EXPECT_TRUE(a->Write("aaaa") && a->Close().ok());
  EXPECT_EQ(q.held->running.size(), 1u);  // That of `stranger`.
  EXPECT_TRUE(b->Close().ok() && stranger->Close().ok());
  EXPECT_EQ(Contents(scratch.Path("file")).size(), 8192u + 4097u);
}

TEST(BlockWriterTest, TheFirstErrorStays) {
  const Scratch scratch;
  QueueOptions options;
  options.buffer_bytes = 4096;
  ManualQueue q(options);
  WriterOptions write_options;
  write_options.queue = &q.queue;
  auto writer = Writer::Open(scratch.Path("file"), write_options);
  ASSERT_TRUE(writer.ok());
  EXPECT_TRUE(writer->Write(Pattern(2 * 4096)) && writer->PutC('x'));
  ASSERT_EQ(q.held->running.size(), 2u);
  q.held->FinishAs(q.held->running[1], -EIO);
  q.held->FinishAs(q.held->running[0], -ENOSPC);
  const absl::Status status = writer->Flush();
  EXPECT_NE(status.message().find("at offset 4096"), std::string::npos);
  EXPECT_NE(status.message().find("EIO"), std::string::npos) << status;
  EXPECT_EQ(writer->Close(), status);
}

TEST(DefaultQueueTest, EachThreadHasItsOwn) {
  const Scratch scratch;
  Queue* const mine = DefaultQueue();
  EXPECT_EQ(mine, DefaultQueue());
  std::thread([&] {
    EXPECT_NE(DefaultQueue(), mine);
    auto writer = Writer::Open(scratch.Path("file"));
    ASSERT_TRUE(writer.ok()) << writer.status();
    EXPECT_EQ(writer->queue(), DefaultQueue());
    EXPECT_TRUE(writer->Write("abc") && writer->Close().ok());
  }).join();
  auto reader = Reader::Open(scratch.Path("file"));
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->queue(), mine);
  EXPECT_EQ(reader->GetC(), 'a');
}

}  // namespace
}  // namespace uasio
