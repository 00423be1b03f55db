// StreamTest has a scratch folder and a queue for streams, and checks that a
// test leaves nothing in the queue.

#ifndef UASIO_ASIO_STREAMS_STREAM_TESTING_H_
#define UASIO_ASIO_STREAMS_STREAM_TESTING_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {

class StreamTest : public testing::Test {
 protected:
  static constexpr size_t kBlock = 4096;

  static QueueOptions SmallBlocks() {
    QueueOptions options;
    options.buffer_bytes = kBlock;
    options.requests_max = 16;
    return options;
  }

  // All requests are free again, and no error is kept.
  void TearDown() override {
    EXPECT_EQ(queue_.in_flight(), 0u);
    EXPECT_EQ(queue_.ledger().status().message(), "");
    std::vector<Request*> all;
    while (Request* request = queue_.Get()) all.push_back(request);
    EXPECT_EQ(all.size(), queue_.options().requests_max);
  }

  std::string Path(const std::string& name = "file") const {
    return scratch_.Path(name);
  }
  std::string Contents(const std::string& name = "file") const {
    return uasio::Contents(Path(name));
  }

  Reader Open(const std::string& path) {
    ReaderOptions options;
    options.mode = File::Mode::kDirect;
    options.queue = &queue_;
    absl::StatusOr<Reader> reader = Reader::Open(path, options);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }
  Reader OpenNew(const std::string& contents) {
    return Open(scratch_.NewFile("file", contents));
  }

  using Existing = WriterOptions::Existing;
  Writer Create(const std::string& path, Existing existing = Existing::kEmpty,
                int64_t offset = 0) {
    WriterOptions options;
    options.queue = &queue_;
    options.existing = existing;
    options.offset = offset;
    absl::StatusOr<Writer> writer = Writer::Open(path, options);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }

  StreamOptions OnQueue(int64_t offset = 0) {
    StreamOptions options;
    options.queue = &queue_;
    options.offset = offset;
    return options;
  }

  static std::string ReadAll(Reader* reader) {
    std::string all;
    while (reader->Pull()) {
      all.append(reader->view().data(), reader->available());
      reader->Advance(reader->available());
    }
    return all;
  }

  const DefaultSigpipe sigpipe_;
  const Scratch scratch_;
  Queue queue_{SmallBlocks()};
};

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_STREAM_TESTING_H_
