// Streams on the default queue that outlive their thread's other objects: what
// was written is written, as by a static std::ofstream.

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "asio/file.h"
#include "asio/queue.h"
#include "asio/streams/default_queue.h"
#include "asio/streams/writer.h"
#include "asio/testing/fd.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

// Each test exits in a forked child, which runs the destructors of its static
// objects.
class StaticStreamsTest : public testing::Test {
 protected:
  StaticStreamsTest() { GTEST_FLAG_SET(death_test_style, "fast"); }

  void SetUp() override {
    if (kThreadSanitized) GTEST_SKIP() << "TSan: no threads in a forked child";
  }

  std::string Path() const { return scratch_.Path("file"); }
  std::string Contents() const { return uasio::Contents(Path()); }

  const Scratch scratch_;
};

testing::ExitedWithCode Succeeds() { return testing::ExitedWithCode(0); }

void WriteToStatic(const std::string& path) {
  static Writer writer = *Writer::Open(path);
  writer.Write(Pattern(3 << 20));
  std::exit(0);
}

TEST_F(StaticStreamsTest, AStaticWriterWritesAllWhenTheProgramExits) {
  EXPECT_EXIT(WriteToStatic(Path()), Succeeds(), "");
  EXPECT_TRUE(Contents() == Pattern(3 << 20));
}

void WriteAfterMain(const std::string& path) {
  static std::optional<Writer> writer;
  static struct WritesLast {
    ~WritesLast() {
      if (!writer->Write("last") || !writer->Close().ok()) std::_Exit(1);
    }
  } writes_last;
  writer = *Writer::Open(path);
  writer->Write("first, ");
  std::exit(0);
}

TEST_F(StaticStreamsTest, AStaticWriterCanBeUsedByStaticDestructors) {
  EXPECT_EXIT(WriteAfterMain(Path()), Succeeds(), "");
  EXPECT_EQ(Contents(), "first, last");
}

// The thread destroys what it made last first: the queue, and then the Writer.
void WriteToThreadLocal(const std::string& path) {
  std::thread([&] {
    thread_local std::unique_ptr<Writer> writer;
    writer = std::make_unique<Writer>(*Writer::Open(path));
    writer->Write(Pattern(3 << 20));
  }).join();
  std::exit(0);
}

TEST_F(StaticStreamsTest, AThreadLocalWriterWritesAllWhenTheThreadEnds) {
  EXPECT_EXIT(WriteToThreadLocal(Path()), Succeeds(), "");
  EXPECT_TRUE(Contents() == Pattern(3 << 20));
}

void WriteInStaticDestructor(const std::string& path) {
  static struct WritesNew {
    ~WritesNew() {
      absl::StatusOr<Writer> writer = Writer::Open(path);
      if (!writer->Write("new") || !writer->Close().ok()) std::_Exit(1);
    }
    const std::string path;
  } writes_new{path};
  DefaultQueue();
  std::exit(0);
}

TEST_F(StaticStreamsTest, AStaticDestructorMayOpenAStream) {
  EXPECT_EXIT(WriteInStaticDestructor(Path()), Succeeds(), "");
  EXPECT_EQ(Contents(), "new");
}

void UseQueueInStaticDestructor() {
  static struct UsesQueue {
    ~UsesQueue() { DefaultQueue(); }
  } uses_queue;
  DefaultQueue();
  std::exit(0);
}

TEST_F(StaticStreamsTest, TheQueueItselfEndsWithItsThread) {
  EXPECT_DEATH(UseQueueInStaticDestructor(), "DefaultQueue: the thread ends");
}

// As with an std::ofstream, the last block is lost, but not the others.
void LeakWriter(const std::string& path) {
  Writer* const writer = new Writer(*Writer::Open(path));
  writer->Write(Pattern(1 << 20) + "x");
  std::exit(0);
}

TEST_F(StaticStreamsTest, BlocksOfALeakedWriterAreWritten) {
  EXPECT_EXIT(LeakWriter(Path()), Succeeds(), "");
  EXPECT_EQ(Contents().substr(0, 1 << 20), Pattern(1 << 20));
}

// A program that hangs when it exits is killed by its alarm.
constexpr unsigned kSecondsMax = 20;

constexpr size_t kMoreThanABlock = (256 << 10) + 1;  // And than a pipe holds.

std::string ReadToEnd(int fd) {
  std::string all;
  char bytes[4096];
  for (ssize_t count; (count = read(fd, bytes, sizeof(bytes))) > 0;) {
    all.append(bytes, static_cast<size_t>(count));
  }
  return all;
}

Writer* leaked = nullptr;  // So that LeakSanitizer finds it.

// One block waits for the pipe's reader for ever, and one has bytes in it.
void LeakWriterOnFullPipe() {
  alarm(kSecondsMax);
  const Pipe pipe;
  leaked = new Writer(File::Adopt(dup(pipe.write_end.get()), "pipe"));
  leaked->Write(Pattern(kMoreThanABlock));
  std::exit(0);
}

TEST_F(StaticStreamsTest, ALeakedWriterOnAFullPipeDoesNotHoldUpTheExit) {
  EXPECT_EXIT(LeakWriterOnFullPipe(), Succeeds(), "");
}

void EndThreadThatLeaksWriterOnFullPipe() {
  alarm(kSecondsMax);
  const Pipe pipe;
  std::thread([&] {
    leaked = new Writer(File::Adopt(dup(pipe.write_end.get()), "pipe"));
    leaked->Write(Pattern(kMoreThanABlock));
  }).join();
  std::exit(0);
}

TEST_F(StaticStreamsTest, ALeakedWriterOnAFullPipeDoesNotHoldUpItsThread) {
  EXPECT_EXIT(EndThreadThatLeaksWriterOnFullPipe(), Succeeds(), "");
}

void ReadSilentPipe(const Pipe& pipe, void (*handler)(Request*) noexcept) {
  Request* const read = DefaultQueue()->Get();
  read->op = Op::kRead;
  read->fd = pipe.read_end.get();
  read->offset = kFilePosition;
  read->length = 1;
  read->handler = handler;
  DefaultQueue()->Submit(read);
}

void EndIfNotCancelled(Request* read) noexcept {
  if (read->result != -ECANCELED) std::_Exit(1);
}

void ExitWhileReading(void (*handler)(Request*) noexcept) {
  alarm(kSecondsMax);
  const Pipe pipe;
  ReadSilentPipe(pipe, handler);
  std::exit(0);
}

TEST_F(StaticStreamsTest, AReadOfASilentPipeIsCancelledWhenTheThreadEnds) {
  EXPECT_EXIT(ExitWhileReading(&EndIfNotCancelled), Succeeds(), "");
  EXPECT_EXIT(ExitWhileReading(nullptr), Succeeds(), "");
}

void ExitWhileReadingAndWriting(const std::string& path) {
  static Writer writer = *Writer::Open(path);
  writer.Write(Pattern(3 << 20));
  ExitWhileReading(&EndIfNotCancelled);
}

TEST_F(StaticStreamsTest, AndDoesNotKeepAStaticWriterFromWritingAll) {
  EXPECT_EXIT(ExitWhileReadingAndWriting(Path()), Succeeds(), "");
  EXPECT_TRUE(Contents() == Pattern(3 << 20));
}

// The pipe's reader begins when the thread's queue has gone.
void WriteToPipeReadLater() {
  alarm(kSecondsMax);
  static Pipe pipe;
  static std::optional<Writer> writer;
  static struct ReadsAndCloses {
    ~ReadsAndCloses() {
      std::string read;
      std::thread reader([&] { read = ReadToEnd(pipe.read_end.get()); });
      const bool closed = writer->Close().ok();
      reader.join();
      if (!closed || read != Pattern(kMoreThanABlock)) std::_Exit(1);
    }
  } reads_and_closes;
  writer.emplace(File::Adopt(dup(pipe.write_end.get()), "pipe"));
  pipe.write_end.Close();
  writer->Write(Pattern(kMoreThanABlock));
  std::exit(0);
}

TEST_F(StaticStreamsTest, AStaticWriterOnAPipeWritesAllWhenTheProgramExits) {
  EXPECT_EXIT(WriteToPipeReadLater(), Succeeds(), "");
}

}  // namespace
}  // namespace uasio
