// The contract: "Request::flags": as preadv2(2) and pwritev2(2), on every
// backend.

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/requests.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

// Unknown to the kernel; 1 << 30 is one that asio/syscalls/ uses itself.
constexpr int kUnknownFlags[] = {1 << 29, 1 << 30};

class FlagsTest : public BackendTest {
 protected:
  Request* WithFlags(Request* r, int flags) {
    r->flags = flags;
    r->queue->Submit(r);
    return r;
  }
  int64_t Do(Request* r, int flags) {
    return Finish(r->queue, WithFlags(r, flags));
  }
  // A write of one block of `c`.
  Request* OneBlock(Queue* queue, char c, const BlockFile& file, size_t at) {
    Request* r = queue->Get();
    std::memset(r->buffer, c, block());
    return r->Write(file.file(), At(at), block());
  }
  // What pwritev2(2) gives for such a write of one block to such a file.
  int64_t Pwritev2(size_t at, int flags) {
    const BlockFile file = MakeFile("ab");
    const Buffer buffer = Buffer::Allocate(block());
    const iovec iovec = {buffer.data(), block()};
    const ssize_t n = pwritev2(file.fd(), &iovec, 1, At(at), flags);
    return n < 0 ? -errno : n;
  }
  // The words of a failed request, which it waits for and puts.
  std::string WordsOf(Request* r, int64_t result) {
    if (r->queue->WaitUntil(TestDeadline()) != r) return "did not come back";
    EXPECT_EQ(r->result, result) << r->status();
    const std::string words(r->status().message());
    r->queue->Put(r);
    return words;
  }
};
UASIO_INSTANTIATE_BACKENDS(FlagsTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(FlagsTest);

TEST_P(FlagsTest, AppendsGoToTheEndInTheOrderOfTheirSubmits) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("ab");
  EXPECT_EQ(Do(queue->Get()->Read(file.file(), 0, block()), 0),
            static_cast<int64_t>(block()));
  for (const char c : std::string("cdefghij")) {
    WithFlags(OneBlock(queue.get(), c, file, 0), RWF_APPEND);
  }
  WithFlags(OneBlock(queue.get(), 'x', file, 1), 0);
  EXPECT_EQ(FinishAll(queue.get()), 9u);
  EXPECT_EQ(file.Text(), "axcdefghij");
}

TEST_P(FlagsTest, FlagsThatTheKernelTakesDoNotChangeTheResult) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("ab");
  EXPECT_EQ(Do(queue->Get()->Read(file.file(), 0, block()), 0),
            static_cast<int64_t>(block()));
  for (const int flags : {RWF_DSYNC, RWF_SYNC, RWF_HIPRI, RWF_DSYNC | RWF_SYNC,
                          RWF_DSYNC | RWF_APPEND}) {
    EXPECT_EQ(Do(OneBlock(queue.get(), 'x', file, 1), flags),
              Pwritev2(1, flags))
        << flags;
  }
  EXPECT_EQ(Do(queue->Get()->Read(file.file(), At(1), block()), RWF_HIPRI),
            static_cast<int64_t>(block()));
  EXPECT_EQ(file.Text(), "axx");
}

// The file gets longer, for which some file systems would have to wait.
TEST_P(FlagsTest, AWriteThatMustNotWaitEndsAsPwritev2) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("ab");
  EXPECT_EQ(Do(queue->Get()->Read(file.file(), 0, block()), 0),
            static_cast<int64_t>(block()));
  const int64_t expected = Pwritev2(2, RWF_NOWAIT);
  EXPECT_EQ(Do(OneBlock(queue.get(), 'c', file, 2), RWF_NOWAIT), expected);
  EXPECT_EQ(file.Text(), expected < 0 ? "ab" : "abc");
}

TEST_P(FlagsTest, AReadThatMustNotWaitForAPipeFails) {
  const auto queue = MakeQueue();
  const Pipe pipe;
  char byte;
  const iovec iovec = {&byte, 1};
  preadv2(pipe.read_end.get(), &iovec, 1, -1, RWF_NOWAIT);
  if (errno != EAGAIN) GTEST_SKIP() << "RWF_NOWAIT on pipes needs Linux 6.4";
  Request* r = queue->Get()->Read(pipe.read_end.get(), kFilePosition, 1);
  EXPECT_PRED2([](const std::string& words,
                  const char* s) { return absl::StrContains(words, s); },
               WordsOf(WithFlags(r, RWF_NOWAIT), -EAGAIN),
               "; it would have to wait, but has RWF_NOWAIT");
  pipe.Put("x");
  r = queue->Get()->Read(pipe.read_end.get(), kFilePosition, 1);
  EXPECT_EQ(Do(r, RWF_NOWAIT), 1);
}

TEST_P(FlagsTest, AnUnknownFlagIsNotSupportedAnywhere) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("ab");
  const Pipe pipe;
  pipe.Put("x");
  EXPECT_EQ(Do(queue->Get()->Read(file.file(), 0, block()), 0),
            static_cast<int64_t>(block()));
  for (const int unknown : kUnknownFlags) {
    const int flags = RWF_DSYNC | unknown;
    const std::string words = absl::StrCat("does not support RWF_DSYNC | 0x",
                                           absl::Hex(unknown), " here");
    Request* r = OneBlock(queue.get(), 'x', file, 0);
    std::string said = WordsOf(WithFlags(r, flags), -EOPNOTSUPP);
    EXPECT_TRUE(absl::StrContains(said, words)) << said;
    r = queue->Get()->Read(pipe.read_end.get(), kFilePosition, 1);
    said = WordsOf(WithFlags(r, flags), -EOPNOTSUPP);
    EXPECT_TRUE(absl::StrContains(said, words)) << said;
  }
  EXPECT_EQ(file.Text(), "ab");
}

TEST_P(FlagsTest, SyncsAndNoOpsTakeNone) {
  const auto queue = MakeQueue();
  const BlockFile file = MakeFile("ab");
  EXPECT_EQ(Do(queue->Get()->Read(file.file(), 0, block()), 0),
            static_cast<int64_t>(block()));
  Request* const all[] = {queue->Get()->Fsync(file.file()),
                          queue->Get()->Fdatasync(file.file()),
                          queue->Get()->NoOp()};
  for (Request* r : all) {
    const std::string said = WordsOf(WithFlags(r, RWF_DSYNC), -EINVAL);
    EXPECT_TRUE(absl::StrContains(said, "it takes no flags, but has RWF_DSYNC"))
        << said;
  }
  EXPECT_TRUE(queue->Forget(file.fd()).ok());
}

}  // namespace
}  // namespace uasio
