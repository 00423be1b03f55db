// The contracts of Copy() and of the streambufs.

#include "asio/streams/copy.h"

#include <istream>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "asio/streams/stream_testing.h"
#include "asio/streams/streambuf.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

class CopyTest : public StreamTest {
 protected:
  void ExpectCopied(size_t size, size_t from, size_t to, size_t bytes) {
    SCOPED_TRACE(testing::Message() << size << " from " << from << " to " << to
                                    << ", " << bytes << " bytes");
    const std::string contents = Pattern(size);
    Reader reader = OpenNew(contents);
    Writer writer = Create(Path("copy"));
    EXPECT_TRUE(writer.Write(std::string(to, 'x')));
    EXPECT_TRUE(reader.Seek(static_cast<int64_t>(from)));
    const auto copied = Copy(&reader, &writer, static_cast<int64_t>(bytes));
    ASSERT_TRUE(copied.ok()) << copied.status();
    const std::string wanted = contents.substr(from, bytes);
    EXPECT_EQ(*copied, static_cast<int64_t>(wanted.size()));
    EXPECT_EQ(writer.Tell(), static_cast<int64_t>(to + wanted.size()));
    EXPECT_TRUE(writer.PutC('!'));
    EXPECT_TRUE(writer.Close().ok()) << writer.status();
    EXPECT_TRUE(Contents("copy") == std::string(to, 'x') + wanted + "!");
  }
};

TEST_F(CopyTest, CopiesFromAnywhereToAnywhere) {
  const size_t all = 1 << 30;
  for (const size_t from : {0ul, 1ul, 512ul, 4096ul, 5000ul}) {
    for (const size_t to : {0ul, 1ul, 512ul, 4096ul}) {
      ExpectCopied(10 * kBlock + 3, from, to, all);
      ExpectCopied(10 * kBlock, from, to, 5 * kBlock);
      ExpectCopied(10 * kBlock, from, to, 5 * kBlock + 1);
    }
  }
  ExpectCopied(0, 0, 0, all);
}

// To copy a block within memory, the writer would need a request of its own.
TEST_F(CopyTest, WritesFromTheReadersBuffersWhereAlignmentAllows) {
  const std::string contents = Pattern(16 * kBlock);
  ManualQueue q(SmallBlocks());
  std::vector<const void*> read, written;
  q.held->when_awaited = [&] {
    Request* r = q.held->running.front();
    (r->op == Op::kRead ? read : written).push_back(r->buffer);
    q.held->Finish(r);
  };
  ReaderOptions read_options;
  read_options.mode = File::Mode::kDirect;
  read_options.queue = &q.queue;
  auto reader = Reader::Open(scratch_.NewFile("file", contents), read_options);
  WriterOptions options;
  options.queue = &q.queue;
  auto writer = Writer::Open(Path("copy"), options);
  ASSERT_TRUE(reader.ok() && writer.ok());
  EXPECT_EQ(*Copy(&*reader, &*writer), 16 * static_cast<int64_t>(kBlock));
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_EQ(read.size(), 16u);
  EXPECT_EQ(std::multiset<const void*>(read.begin(), read.end()),
            std::multiset<const void*>(written.begin(), written.end()));
  EXPECT_TRUE(Contents("copy") == contents);
}

TEST_F(CopyTest, ReturnsTheErrorOfTheSideThatFailed) {
  Reader reader = OpenNew(Pattern(100 * kBlock));
  Writer full = Create("/dev/full");
  absl::Status status = Copy(&reader, &full).status();
  EXPECT_NE(status.message().find("/dev/full"), std::string::npos) << status;
  EXPECT_EQ(full.Close(), status);
  EXPECT_TRUE(reader.ok());
  Reader folder = Open(scratch_.Path(""));
  Writer writer = Create(Path("copy"));
  status = Copy(&folder, &writer).status();
  EXPECT_NE(status.message().find("EISDIR"), std::string::npos) << status;
  EXPECT_TRUE(writer.Close().ok());
}

TEST_F(CopyTest, ReturnsAnEarlierErrorOfTheWriter) {
  Reader reader = OpenNew("");
  Writer writer = Create(Path("copy"));
  EXPECT_FALSE(writer.Seek(-1));
  EXPECT_EQ(Copy(&reader, &writer).status(), writer.status());
  EXPECT_EQ(writer.Close(), writer.status());
}

using StreambufTest = StreamTest;

TEST_F(StreambufTest, AnIstreamReadsWhatAnOstreamWrote) {
  Writer writer = Create(Path());
  {
    WriterStreambuf buffer(&writer);
    std::ostream out(&buffer);
    for (int i = 0; i < 10000; ++i) out << i << ' ' << i * 0.5 << '\n';
    EXPECT_TRUE(out.good());
    out.flush();
    EXPECT_EQ(out.tellp(), writer.Tell());
  }
  EXPECT_TRUE(writer.Write("end"));
  EXPECT_TRUE(writer.Close().ok());
  Reader reader = Open(Path());
  {
    ReaderStreambuf buffer(&reader);
    std::istream in(&buffer);
    for (int i = 0; i < 10000; ++i) {
      int number;
      double half;
      ASSERT_TRUE(in >> number >> half);
      ASSERT_EQ(number, i);
      ASSERT_EQ(half, i * 0.5);
    }
    EXPECT_EQ(in.get(), '\n');
  }
  EXPECT_EQ(ReadAll(&reader), "end");
}

TEST_F(StreambufTest, TheySeekAndTell) {
  const std::string contents = Pattern(5 * kBlock);
  Reader reader = OpenNew(contents);
  ReaderStreambuf buffer(&reader);
  std::istream in(&buffer);
  in.seekg(3 * kBlock + 1);
  EXPECT_EQ(in.tellg(), static_cast<std::streamoff>(3 * kBlock + 1));
  EXPECT_EQ(in.get(), contents[3 * kBlock + 1]);
  in.unget();
  EXPECT_EQ(in.get(), contents[3 * kBlock + 1]);
  in.seekg(-1, std::ios::end);
  std::string rest;
  in >> rest;
  EXPECT_EQ(rest, contents.substr(contents.size() - 1));
  EXPECT_TRUE(in.eof());
  Writer writer = Create(Path("out"));
  WriterStreambuf out_buffer(&writer);
  std::ostream out(&out_buffer);
  out << "abcdef";
  out.seekp(2) << "XY";
  out.seekp(0, std::ios::end) << "!";
  EXPECT_EQ(out.tellp(), 7);
  out.flush();
  EXPECT_EQ(Contents("out"), "abXYef!");
}

TEST_F(StreambufTest, AnErrorSetsBadbitAndTheStatus) {
  Writer writer = Create("/dev/full");
  {
    WriterStreambuf buffer(&writer);
    std::ostream out(&buffer);
    out << Pattern(10 * kBlock) << std::flush;
    EXPECT_TRUE(out.bad());
  }
  EXPECT_EQ(writer.Close().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace uasio
