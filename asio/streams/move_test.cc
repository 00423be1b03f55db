// What a stream, File or Buffer had before a move assignment is written, closed
// and freed at once, as with std::fstream.

#include <fcntl.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "asio/buffer.h"
#include "asio/file.h"
#include "asio/streams/stream_testing.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

class MoveTest : public StreamTest {};

TEST_F(MoveTest, AssigningAWriterWritesAndClosesTheOldFile) {
  Writer writer = Create(Path("old"));
  EXPECT_TRUE(writer.Write(Pattern(5000)));
  const int old_fd = writer.file().fd();
  Writer next = Create(Path("next"));
  EXPECT_TRUE(next.Write("ne"));
  writer = std::move(next);
  EXPECT_TRUE(Contents("old") == Pattern(5000));
  EXPECT_FALSE(IsOpen(old_fd));
  EXPECT_TRUE(writer.Write("xt"));
  EXPECT_TRUE(writer.Close().ok());
  EXPECT_EQ(Contents("next"), "next");
}

TEST_F(MoveTest, AssigningAWriterPrintsTheErrorOfTheOldFile) {
  Writer writer = Create("/dev/full");
  EXPECT_TRUE(writer.Write("abc"));
  Writer next = Create(Path());
  testing::internal::CaptureStderr();
  writer = std::move(next);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(absl::StrContains(said, "this error was not read: ")) << said;
  EXPECT_TRUE(absl::StrContains(said, "/dev/full")) << said;
  EXPECT_TRUE(writer.Close().ok()) << writer.status();
}

TEST_F(MoveTest, AssigningAReaderClosesTheOldFile) {
  Reader reader = Open(scratch_.NewFile("old", "old"));
  EXPECT_EQ(reader.GetC(), 'o');
  const int old_fd = reader.file().fd();
  Reader next = Open(scratch_.NewFile("next", "next"));
  EXPECT_EQ(next.GetC(), 'n');
  reader = std::move(next);
  EXPECT_FALSE(IsOpen(old_fd));
  EXPECT_EQ(ReadAll(&reader), "ext");
}

TEST_F(MoveTest, AssigningAFileClosesTheOldOne) {
  absl::StatusOr<File> file = File::Open(scratch_.NewFile("old"), O_RDONLY);
  absl::StatusOr<File> next = File::Open(scratch_.NewFile("next"), O_RDONLY);
  ASSERT_TRUE(file.ok() && next.ok());
  const int old_fd = file->fd();
  const int next_fd = next->fd();
  *file = *std::move(next);
  EXPECT_FALSE(IsOpen(old_fd));
  EXPECT_EQ(file->fd(), next_fd);
  EXPECT_EQ(file->path(), Path("next"));
}

TEST_F(MoveTest, AssigningABufferLeavesTheOtherEmpty) {
  Buffer buffer = Buffer::Allocate(4096);
  Buffer next = Buffer::Allocate(8192);
  buffer = std::move(next);
  EXPECT_EQ(buffer.size(), 8192u);
  EXPECT_TRUE(next.empty());  // NOLINT: what a move leaves.
}

template <typename T>
void AssignToItself(T* object) {
  T& same = *object;
  *object = std::move(same);
}

TEST_F(MoveTest, AssigningToItselfChangesNothing) {
  Writer writer = Create(Path());
  EXPECT_TRUE(writer.Write("ab"));
  AssignToItself(&writer);
  EXPECT_TRUE(writer.Write("c"));
  EXPECT_TRUE(writer.Close().ok());
  Reader reader = Open(Path());
  EXPECT_EQ(reader.GetC(), 'a');
  AssignToItself(&reader);
  EXPECT_EQ(ReadAll(&reader), "bc");
  absl::StatusOr<File> file = File::Open(Path(), O_RDONLY);
  ASSERT_TRUE(file.ok());
  AssignToItself(&*file);
  EXPECT_TRUE(IsOpen(file->fd()));
}

}  // namespace
}  // namespace uasio
