// Reader::Unread() and std::istream::unget(): as ungetc(3), they can always go
// back over the last byte read.

#include <sys/stat.h>

#include <istream>
#include <string>

#include "asio/streams/stream_testing.h"
#include "asio/streams/streambuf.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class UnreadTest : public StreamTest {
 protected:
  Reader FromPipe(const Pipe& pipe) {
    StreamOptions options;
    options.queue = &queue_;
    return Reader(File::Adopt(dup(pipe.read_end.get()), "a pipe"), options);
  }

  // `reader` has "abc" and then its end.
  static void ExpectUnreadAtTheEnd(Reader* reader) {
    EXPECT_EQ(ReadAll(reader), "abc");
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(reader->GetC(), -1);
      EXPECT_EQ(reader->GetC(), -1);  // Looks for the end again.
      ASSERT_TRUE(reader->Unread());
      EXPECT_EQ(reader->Tell(), 2);
      EXPECT_EQ(reader->PeekC(), 'c');
      EXPECT_EQ(reader->GetC(), 'c');
    }
    EXPECT_TRUE(reader->ok()) << reader->status();
  }
};

TEST_F(UnreadTest, GoesBackAtTheEndOfAFile) {
  Reader reader = OpenNew("abc");
  ExpectUnreadAtTheEnd(&reader);
}

TEST_F(UnreadTest, GoesBackAtTheEndOfAPipe) {
  Pipe pipe;
  pipe.Put("abc");
  pipe.write_end.Close();
  Reader reader = FromPipe(pipe);
  ExpectUnreadAtTheEnd(&reader);
}

TEST_F(UnreadTest, GoesBackAtTheEndAfterAMove) {
  Reader first = OpenNew("abc");
  EXPECT_EQ(ReadAll(&first), "abc");
  EXPECT_EQ(first.GetC(), -1);
  Reader second = std::move(first);
  EXPECT_TRUE(second.Unread());
  EXPECT_EQ(second.GetC(), 'c');
}

TEST_F(UnreadTest, ReadsOnWhereTheFileHasGrown) {
  Reader reader = OpenNew("abc");
  EXPECT_EQ(ReadAll(&reader), "abc");
  EXPECT_EQ(reader.GetC(), -1);
  EXPECT_TRUE(reader.Unread());
  std::ofstream(Path(), std::ios::app) << "def";
  EXPECT_EQ(ReadAll(&reader), "cdef");
}

TEST_F(UnreadTest, GoesBackOverTheBoundaryOfABlock) {
  const std::string contents = Pattern(3 * kBlock);
  Reader reader = OpenNew(contents);
  std::string block(kBlock, '\0');
  EXPECT_EQ(reader.Read(block.data(), kBlock), kBlock);
  EXPECT_EQ(reader.PeekC(), static_cast<unsigned char>(contents[kBlock]));
  EXPECT_TRUE(reader.Unread());
  EXPECT_EQ(reader.Tell(), static_cast<int64_t>(kBlock - 1));
  EXPECT_TRUE(ReadAll(&reader) == contents.substr(kBlock - 1));
}

TEST_F(UnreadTest, GoesBackOverTheBoundaryOfTwoReadsOfAPipe) {
  Pipe pipe;
  Reader reader = FromPipe(pipe);
  pipe.Put("ab");
  EXPECT_EQ(reader.GetC(), 'a');
  EXPECT_EQ(reader.GetC(), 'b');
  pipe.Put("cd");
  pipe.write_end.Close();
  EXPECT_EQ(reader.PeekC(), 'c');
  EXPECT_TRUE(reader.Unread());
  EXPECT_FALSE(reader.Unread());
  EXPECT_EQ(ReadAll(&reader), "bcd");
}

TEST_F(UnreadTest, FailsWhereNoByteWasReadBefore) {
  Reader reader = OpenNew("abc");
  EXPECT_FALSE(reader.Unread());
  EXPECT_TRUE(reader.Seek(1000));
  EXPECT_EQ(reader.GetC(), -1);
  EXPECT_FALSE(reader.Unread());
  EXPECT_FALSE(OpenNew("").Unread());
}

TEST_F(UnreadTest, AnIstreamUngetsAndPutsBackAtTheEnd) {
  Reader reader = OpenNew("abc");
  ReaderStreambuf buffer(&reader);
  std::istream in(&buffer);
  std::string all;
  in >> all;
  EXPECT_TRUE(in.eof());
  in.clear();
  EXPECT_TRUE(in.unget());
  EXPECT_EQ(in.get(), 'c');
  EXPECT_EQ(in.get(), EOF);
  in.clear();
  EXPECT_TRUE(in.putback('c'));
  EXPECT_EQ(in.get(), 'c');
  EXPECT_EQ(in.get(), EOF);
  in.clear();
  EXPECT_FALSE(in.putback('x'));
}

TEST_F(UnreadTest, AnIstreamUngetsAfterAPeekOverTheBoundaryOfABlock) {
  const std::string contents = Pattern(2 * kBlock);
  Reader reader = OpenNew(contents);
  ReaderStreambuf buffer(&reader);
  std::istream in(&buffer);
  in.ignore(kBlock);
  EXPECT_EQ(in.peek(), static_cast<unsigned char>(contents[kBlock]));
  EXPECT_TRUE(in.unget());
  EXPECT_EQ(in.get(), static_cast<unsigned char>(contents[kBlock - 1]));
  EXPECT_EQ(in.get(), static_cast<unsigned char>(contents[kBlock]));
}

}  // namespace
}  // namespace uasio
