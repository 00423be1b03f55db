// Whichever allocation of a stream fails, its requests go back to the queue,
// and the first error stays.

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/backends.h"
#include "asio/testing/memory_end.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kRequests = 8;

class StreamsNoMemoryTest : public BackendTest {
 protected:
  std::unique_ptr<Queue> NewQueue() {
    QueueOptions options;
    options.buffer_bytes = kBlock;
    options.requests_max = kRequests;
    return MakeQueue(options);
  }

  // Opens a stream on a new queue and calls use(&stream), with `left`
  // allocations.  All requests must be free when the stream is closed.  False:
  // no allocation has failed.
  template <typename S, typename Options, typename Use>
  bool RunWith(int left, const std::string& path, Options options, Use use) {
    SCOPED_TRACE(testing::Message() << "allocation " << left);
    const auto queue = NewQueue();
    options.queue = queue.get();
    std::optional<absl::StatusOr<S>> stream;
    const MemoryEnd end(left);
    try {
      stream.emplace(S::Open(path, options));
      if (stream->ok()) use(&**stream);
    } catch (const std::bad_alloc&) {
      thrown_ = true;
    }
    end.Lift();
    if (stream.has_value() && stream->ok()) stream_status_ = (*stream)->Close();
    stream.reset();
    ExpectAllFree(queue.get());
    return end.WasMet();
  }

  static void ExpectAllFree(Queue* queue) {
    EXPECT_EQ(queue->in_flight(), 0u);
    std::vector<Request*> all;
    while (Request* request = queue->Get()) all.push_back(request);
    EXPECT_EQ(all.size(), kRequests);
    for (Request* request : all) queue->Put(request);
  }

  const Scratch scratch_;
  absl::Status stream_status_;  // Of the last one that could be opened.
  bool thrown_ = false;
};
UASIO_INSTANTIATE_BACKENDS(StreamsNoMemoryTest);

TEST_P(StreamsNoMemoryTest, AReaderLosesNoRequest) {
  const std::string contents = Pattern(20 * kBlock);
  const std::string path = scratch_.NewFile("file", contents);
  std::string back(contents.size(), '\0');
  ReaderOptions options;
  options.mode = File::Mode::kDirect;
  bool met = true;
  for (int left = 0; met && !HasFailure(); ++left) {
    met = RunWith<Reader>(left, path, options, [&](Reader* reader) {
      reader->Read(&back[0], back.size());
    });
  }
  EXPECT_TRUE(stream_status_.ok()) << stream_status_;
  EXPECT_TRUE(back == contents);
}

TEST_P(StreamsNoMemoryTest, AWriterLosesNoRequest) {
  const std::string contents = Pattern(20 * kBlock + 5);
  bool met = true;
  for (int left = 0; met && !HasFailure(); ++left) {
    met = RunWith<Writer>(left, scratch_.Path("out"), WriterOptions(),
                          [&](Writer* writer) {
                            writer->Write(contents);
                            writer->Fsync().IgnoreError();
                          });
  }
  EXPECT_TRUE(stream_status_.ok()) << stream_status_;
  EXPECT_TRUE(Contents(scratch_.Path("out")) == contents);
}

// The words may be missing, but not the error.
TEST_P(StreamsNoMemoryTest, AFailedWriteIsAnErrorAlsoWithoutMemory) {
  const std::string contents = Pattern(20 * kBlock);
  bool met = true;
  for (int left = 0; met && !HasFailure(); ++left) {
    bool flushed = thrown_ = false;
    stream_status_ = absl::UnknownError("not opened");
    met = RunWith<Writer>(left, "/dev/full", WriterOptions(),
                          [&](Writer* writer) {
                            writer->Write(contents);
                            flushed = writer->Flush().ok();
                          });
    EXPECT_FALSE(flushed) << "allocation " << left;
    EXPECT_TRUE(thrown_ || !stream_status_.ok()) << "allocation " << left;
  }
}

}  // namespace
}  // namespace uasio
