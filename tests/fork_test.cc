// The contract: "Forks": in a forked child the destructors of the parent's
// objects release what is the child's and do nothing else, silently.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "asio/buffer.h"
#include "asio/streams/default_queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/backends.h"
#include "asio/testing/child.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

void ExpectSilentSuccess(const ChildOutcome& child) {
  EXPECT_EQ(child.status, 0) << child.printed;
  EXPECT_EQ(child.printed, "");
}

int CountFds() {
  DIR* const folder = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

bool IsMapped(char* page) {
  unsigned char resident;
  return mincore(page, 1, &resident) == 0 || errno != ENOMEM;
}

class ForkTest : public BackendTest {
 protected:
  const Scratch scratch_;
};
UASIO_INSTANTIATE_BACKENDS(ForkTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(ForkTest);

TEST_P(ForkTest, AChildDestroysAQueueWithRequestsInFlight) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  const Pipe pipe;
  const ScratchFile file(Pattern(1 << 16));
  const int fds = CountFds();
  auto queue = MakeQueue();
  Request* waits =
      Submit(queue.get(), Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  for (int i = 0; i < 16; ++i) {
    SubmitWrite(queue.get(), Op::kWriteBack, file.fd(), i * 4096, "x");
  }
  ExpectSilentSuccess(RunInChild([&] {
    queue = nullptr;
    return CountFds() - fds - 2;  // The pipe of RunInChild().
  }));
  pipe.Put("p");
  EXPECT_EQ(queue->Wait(), waits);
  EXPECT_EQ(BytesOf(*waits), "p");
  queue->Put(waits);
  EXPECT_TRUE(queue->Sync().ok());
}

TEST_P(ForkTest, AChildHasNoneOfAQueuesBuffers) {
  auto queue = MakeQueue();
  Request* r = queue->Get();
  r->buffer[0] = 'x';
  ExpectSilentSuccess(RunInChild([&] { return IsMapped(r->buffer) ? 1 : 0; }));
  EXPECT_EQ(r->buffer[0], 'x');
  queue->Put(r);
}

// The child uses the addresses for something else.
TEST_P(ForkTest, AChildThatFreesABufferKeepsWhatItHasMappedThere) {
  Buffer buffer = Buffer::Allocate(4096);
  ExpectSilentSuccess(RunInChild([&] {
    char* const at = buffer.data();
    void* const mapped =
        mmap(at, 4096, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapped != at) return 1;
    buffer = Buffer();
    return IsMapped(at) ? 0 : 2;
  }));
}

TEST_P(ForkTest, AChildDestroysStreamsThatTheParentGoesOnWith) {
  auto queue = MakeQueue();
  StreamOptions options;
  options.queue = queue.get();
  const std::string path = scratch_.NewFile("in", Pattern(1 << 20));
  std::optional<Reader> reader;
  reader.emplace(File::Adopt(open(path.c_str(), O_RDWR), "in"), options);
  WriterOptions write_options;
  write_options.queue = queue.get();
  auto writer = Writer::Open(scratch_.Path("out"), write_options);
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(reader->GetC(), Pattern(1)[0]);
  EXPECT_TRUE(writer->Write(Pattern(300000)));
  const int fd = reader->file().fd();
  ExpectSilentSuccess(RunInChild([&] {
    reader.reset();
    writer = absl::CancelledError();
    return 0;
  }));
  EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 0);
  EXPECT_TRUE(writer->Write("end"));
  EXPECT_TRUE(writer->Close().ok()) << writer->status();
  EXPECT_TRUE(Contents(scratch_.Path("out")) == Pattern(300000) + "end");
}

TEST(ForkedStreamsTest, AChildHasItsOwnDefaultQueue) {
  if (kThreadSanitized) GTEST_SKIP() << "TSan: no threads in a forked child";
  const Scratch scratch;
  absl::StatusOr<Writer> parents = Writer::Open(scratch.Path("parents"));
  ASSERT_TRUE(parents.ok() && parents->Write("parent"));
  ExpectSilentSuccess(RunInChild([&] {
    absl::StatusOr<Writer> childs = Writer::Open(scratch.Path("childs"));
    childs->Write("child");
    const bool ok = childs->Close().ok();
    parents = absl::CancelledError();
    return ok ? 0 : 1;
  }));
  EXPECT_TRUE(parents->Close().ok());
  EXPECT_EQ(Contents(scratch.Path("childs")), "child");
  EXPECT_EQ(Contents(scratch.Path("parents")), "parent");
}

// A child that ends by exit(3) runs the destructors of its parent's static
// objects and thread_local objects.
TEST(ForkedStreamsTest, AChildMayExit) {
  if (kAddressSanitized) {
    GTEST_SKIP() << "LeakSanitizer, at exit, looks for the parent's threads";
  }
  const Scratch scratch;
  static std::optional<Queue> queue;
  static std::optional<Writer> writer;
  queue.emplace();
  StreamOptions options;
  options.queue = &*queue;
  absl::StatusOr<File> file =
      File::Open(scratch.Path("file"), O_RDWR | O_CREAT);
  ASSERT_TRUE(file.ok());
  writer.emplace(*std::move(file), options);
  EXPECT_TRUE(writer->Write(Pattern(100000)));
  ExpectSilentSuccess(RunInChild([]() -> int { std::exit(0); }));
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_TRUE(Contents(scratch.Path("file")) == Pattern(100000));
  writer.reset();
  queue.reset();
}

TEST(ForkedStreamsTest, CallsOfAChildNameTheRule) {
  const Scratch scratch;
  Reader reader = *Reader::Open(scratch.NewFile("in", Pattern(1 << 20)));
  Writer writer = *Writer::Open(scratch.Path("out"));
  EXPECT_EQ(reader.Skip(100), 100);
  const auto expect_rule = [](auto call) {
    const ChildOutcome child = RunInChild([&] { return call(), 0; });
    EXPECT_TRUE(WIFSIGNALED(child.status));
    EXPECT_TRUE(absl::StrContains(
        child.printed, "a forked child must not use its parent's stream"))
        << child.printed;
  };
  expect_rule([&] { reader.Seek(1 << 19); });
  expect_rule([&] { reader.Skip(1 << 20); });
  expect_rule([&] { reader.Close().IgnoreError(); });
  expect_rule([&] { writer.PutC('x'); });
  expect_rule([&] { writer.Flush().IgnoreError(); });
  expect_rule([&] { writer.Close().IgnoreError(); });
  EXPECT_TRUE(writer.Close().ok());
}

}  // namespace
}  // namespace uasio
