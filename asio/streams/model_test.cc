// Random operations on a file through a Writer and Readers do the same as on a
// string in memory: contents and sizes agree at every Flush().
//
//   bazel test --test_env=UASIO_STREAM_SEEDS=1000
//       --test_env=UASIO_STREAM_OPERATIONS=1000 //asio/streams:model_test
//
// UASIO_SEED is the first seed.

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>

#include "asio/queue.h"
#include "asio/streams/copy.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/testing/backends.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seed.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t default_value) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : default_value;
}

constexpr char kTmpfs[] = "/dev/shm";
enum class Medium { kDirect, kBuffered, kTmpfs };

// A file, and a string with what the file must hold.
class ModelledFile {
 public:
  ModelledFile(Queue* queue, File::Mode mode, const std::string& path,
               uint64_t seed)
      : queue_(queue), mode_(mode), path_(path), random_(seed) {
    Reopen(WriterOptions::Existing::kEmpty);
  }

  void Run(uint64_t operations) {
    for (uint64_t i = 0; i < operations; ++i) {
      SCOPED_TRACE(testing::Message() << "operation " << i);
      Operate();
      if (!writer_.has_value()) return;
      EXPECT_EQ(writer_->Tell(), at_);
      if (testing::Test::HasFailure()) return;
    }
    Reopen(WriterOptions::Existing::kKeep);
    ASSERT_TRUE(writer_->Close().ok());
    CheckContents();
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }

  // Mostly small, sometimes more than a buffer.
  size_t RandomLength() {
    const uint64_t most = 2 * queue_->options().buffer_bytes;
    return Below(Below(16) == 0 ? most : uint64_t{1} << Below(13)) + 1;
  }

  // Anywhere, at a block, near a sector, or near the current position.
  int64_t RandomOffset() {
    const uint64_t buffer = queue_->options().buffer_bytes;
    const uint64_t end = std::min<uint64_t>(model_.size() + 8192, 3 * buffer);
    const uint64_t anywhere = Below(end + 1);
    switch (Below(4)) {
      case 0:
        return static_cast<int64_t>(anywhere / 4096 * 4096);
      case 1:
        return static_cast<int64_t>(anywhere / 512 * 512 + Below(3));
      case 2:
        return std::max<int64_t>(0,
                                 at_ + static_cast<int64_t>(Below(201)) - 100);
      default:
        return static_cast<int64_t>(anywhere);
    }
  }

  std::string RandomBytes(size_t length) {
    std::string bytes(length, '\0');
    uint64_t x = random_() | 1;
    for (char& byte : bytes) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      byte = x % 64 == 0 ? '\n' : static_cast<char>(x >> 32);
    }
    return bytes;
  }

  void WriteToModel(const std::string& bytes) {
    const size_t at = static_cast<size_t>(at_);
    if (bytes.empty()) return;
    if (model_.size() < at + bytes.size()) model_.resize(at + bytes.size());
    model_.replace(at, bytes.size(), bytes);
    at_ += static_cast<int64_t>(bytes.size());
  }

  void Operate() {
    switch (Below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Write();
      case 4:
      case 5:
        return PutSome();
      case 6:
      case 7:
        return FillWindow();
      case 8:
      case 9:
      case 10:
        at_ = RandomOffset();
        EXPECT_TRUE(writer_->Seek(at_)) << writer_->status();
        return;
      case 11:
        at_ = static_cast<int64_t>(model_.size());
        EXPECT_TRUE(writer_->SeekToEnd()) << writer_->status();
        return;
      default:
        return Below(4) == 0 ? OperateRarely() : void();
    }
  }

  void OperateRarely() {
    constexpr WriterOptions::Existing kExisting[] = {
        WriterOptions::Existing::kKeep, WriterOptions::Existing::kAppend,
        WriterOptions::Existing::kEmpty, WriterOptions::Existing::kKeep};
    switch (Below(9)) {
      case 0:
      case 1:
        return Reopen(kExisting[Below(4)]);
      case 2:
        EXPECT_TRUE(writer_->Flush().ok()) << writer_->status();
        return CheckContents();
      case 3:
        return Truncate();
      case 4:
        EXPECT_TRUE(writer_->Preallocate(RandomOffset())) << writer_->status();
        return;
      case 5:
        EXPECT_TRUE(Below(20) != 0 || writer_->Fsync().ok());
        return;
      case 6:
        return WriteByAnotherWriter();
      default:
        EXPECT_TRUE(writer_->Flush().ok()) << writer_->status();
        return Below(4) == 0 ? CopyAll() : ReadSome();
    }
  }

  void Write() {
    const std::string bytes = RandomBytes(RandomLength());
    EXPECT_TRUE(writer_->Write(bytes)) << writer_->status();
    WriteToModel(bytes);
    EXPECT_EQ(*writer_->Size(), static_cast<int64_t>(model_.size()));
  }

  void PutSome() {
    const std::string bytes = RandomBytes(Below(300) + 1);
    for (char c : bytes) ASSERT_TRUE(writer_->PutC(c)) << writer_->status();
    WriteToModel(bytes);
  }

  void FillWindow() {
    const size_t least = std::min(Below(5000) + 1, writer_->window_max());
    const absl::Span<char> window = writer_->Window(least);
    ASSERT_GE(window.size(), least) << writer_->status();
    const std::string bytes =
        RandomBytes(std::min(RandomLength(), window.size()));
    std::copy(bytes.begin(), bytes.end(), window.begin());
    writer_->Advance(bytes.size());
    WriteToModel(bytes);
  }

  void Truncate() {
    const int64_t size = RandomOffset();
    EXPECT_TRUE(writer_->Truncate(size)) << writer_->status();
    model_.resize(static_cast<size_t>(size));
    CheckContents();
  }

  // Another Writer writes, between two flushes of ours.
  void WriteByAnotherWriter() {
    EXPECT_TRUE(writer_->Flush().ok()) << writer_->status();
    if (Below(2) == 0) writer_->SeekToEnd(), at_ = writer_->Tell();
    const int64_t here = at_;
    WriterOptions options;
    options.queue = queue_;
    options.mode = mode_;
    options.existing = WriterOptions::Existing::kKeep;
    options.offset = at_ = RandomOffset();
    absl::StatusOr<Writer> other = Writer::Open(path_, options);
    ASSERT_TRUE(other.ok()) << other.status();
    const std::string bytes = RandomBytes(RandomLength());
    EXPECT_TRUE(other->Write(bytes) && other->Close().ok()) << other->status();
    WriteToModel(bytes);
    at_ = here;
    CheckContents();
    EXPECT_EQ(*writer_->Size(), static_cast<int64_t>(model_.size()));
  }

  void Reopen(WriterOptions::Existing existing) {
    if (writer_.has_value()) {
      EXPECT_TRUE(writer_->Close().ok()) << writer_->status();
      CheckContents();
      writer_.reset();
    }
    WriterOptions options;
    options.queue = queue_;
    options.depth = 1 + Below(4);
    options.mode = mode_;
    options.existing = existing;
    if (existing == WriterOptions::Existing::kEmpty) model_.clear();
    if (existing == WriterOptions::Existing::kKeep) {
      options.offset = RandomOffset();
    }
    absl::StatusOr<Writer> writer = Writer::Open(path_, options);
    ASSERT_TRUE(writer.ok()) << writer.status();
    writer_.emplace(*std::move(writer));
    at_ = existing == WriterOptions::Existing::kAppend
              ? static_cast<int64_t>(model_.size())
              : options.offset.value_or(0);
  }

  // Reads the file without a Reader.
  void CheckContents() {
    const std::string contents = Contents(path_);
    ASSERT_EQ(contents.size(), model_.size());
    ASSERT_TRUE(contents == model_);
  }

  Reader OpenReader() {
    ReaderOptions options;
    options.queue = queue_;
    options.depth = 1 + Below(4);
    options.mode = mode_;
    absl::StatusOr<Reader> reader = Reader::Open(path_, options);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }

  void CopyAll() {
    Reader reader = OpenReader();
    const std::string copy = path_ + ".copy";
    WriterOptions options;
    options.queue = queue_;
    options.mode = mode_;
    absl::StatusOr<Writer> writer = Writer::Open(copy, options);
    ASSERT_TRUE(writer.ok()) << writer.status();
    const std::string head = RandomBytes(Below(2) * RandomLength());
    writer->Write(head);
    const size_t from = Below(model_.size() + 1);
    EXPECT_TRUE(reader.Seek(static_cast<int64_t>(from)));
    const size_t bytes = Below(2) == 0 ? RandomLength() : model_.size();
    const auto copied = Copy(&reader, &*writer, static_cast<int64_t>(bytes));
    ASSERT_TRUE(copied.ok()) << copied.status();
    EXPECT_TRUE(writer->Close().ok()) << writer->status();
    const std::string wanted = model_.substr(from, bytes);
    EXPECT_EQ(*copied, static_cast<int64_t>(wanted.size()));
    EXPECT_TRUE(Contents(copy) == head + wanted);
    unlink(copy.c_str());
  }

  void ReadSome() {
    Reader reader = OpenReader();
    size_t at = 0;
    const uint64_t count = Below(20) + 1;
    for (uint64_t i = 0; i < count && !testing::Test::HasFailure(); ++i) {
      ReadOne(&reader, &at);
      EXPECT_EQ(reader.Tell(), static_cast<int64_t>(at));
    }
    EXPECT_TRUE(reader.Close().ok()) << reader.status();
  }

  void ReadOne(Reader* reader, size_t* at) {
    const std::string rest = *at < model_.size() ? model_.substr(*at, 300) : "";
    switch (Below(8)) {
      case 0:
        *at = static_cast<size_t>(RandomOffset());
        EXPECT_TRUE(reader->Seek(static_cast<int64_t>(*at)));
        return;
      case 1: {
        const int next = reader->PeekC();
        EXPECT_EQ(next, rest.empty() ? -1 : static_cast<uint8_t>(rest[0]));
        EXPECT_EQ(reader->GetC(), next);
        *at += next >= 0;
        return;
      }
      case 2:
        return ReadALine(reader, at);
      case 3: {
        const size_t back = std::min<size_t>(Below(50), *at);
        if (reader->Unread(back)) *at -= back;
        return;
      }
      case 4: {
        const int64_t length = static_cast<int64_t>(RandomLength());
        const int64_t left =
            static_cast<int64_t>(std::max(model_.size(), *at) - *at);
        EXPECT_EQ(reader->Skip(length), std::min(length, left));
        *at += static_cast<size_t>(std::min(length, left));
        return;
      }
      default: {
        std::string bytes(RandomLength(), '\0');
        bytes.resize(reader->Read(bytes.data(), bytes.size()));
        const std::string wanted =
            *at < model_.size() ? model_.substr(*at, bytes.size()) : "";
        EXPECT_TRUE(bytes == wanted);
        *at += bytes.size();
      }
    }
  }

  void ReadALine(Reader* reader, size_t* at) {
    absl::string_view line;
    const bool any = reader->ReadLine(&line, model_.size() + 1);
    EXPECT_EQ(any, *at < model_.size()) << reader->status();
    if (!any) return;
    const size_t newline = model_.find('\n', *at);
    const size_t end =
        newline == std::string::npos ? model_.size() : newline + 1;
    EXPECT_TRUE(line == absl::string_view(model_).substr(*at, end - *at));
    *at = end;
  }

  Queue* const queue_;
  const File::Mode mode_;
  const std::string path_;
  std::mt19937_64 random_;
  std::string model_;
  int64_t at_ = 0;  // The position that the writer must have.
  std::optional<Writer> writer_;
};

class StreamModelTest
    : public testing::TestWithParam<std::tuple<BackendCase, size_t, Medium>> {
 protected:
  void Run(const Scratch& scratch, File::Mode mode) {
    const auto& [backend, buffer_bytes, medium] = GetParam();
    const uint64_t first = TestSeed(1);
    const uint64_t seeds = FromEnvironment("UASIO_STREAM_SEEDS", 1);
    const uint64_t operations =
        FromEnvironment("UASIO_STREAM_OPERATIONS", Scaled(400));
    QueueOptions options;
    options.buffer_bytes = buffer_bytes;
    options.requests_max = 8;
    options.threads_max = 4;
    for (uint64_t seed = first; seed < first + seeds; ++seed) {
      SCOPED_TRACE(testing::Message() << "UASIO_SEED=" << seed);
      Queue queue(options, backend.make());
      ModelledFile(&queue, mode, scratch.Path("file"), seed).Run(operations);
      if (HasFailure()) return;
    }
  }
};

TEST_P(StreamModelTest, ContentsAndSizesAreWhatWasWritten) {
  const auto& [backend, buffer_bytes, medium] = GetParam();
  const std::string why_not = backend.why_not();
  if (!why_not.empty()) GTEST_SKIP() << backend.name << ": " << why_not;
  if (medium == Medium::kTmpfs && access(kTmpfs, W_OK) != 0) {
    GTEST_SKIP() << kTmpfs << " cannot be written here";
  }
  const Scratch scratch(medium == Medium::kTmpfs ? kTmpfs : "");
  const auto mode =
      medium == Medium::kBuffered ? File::Mode::kBuffered : File::Mode::kDirect;
  const auto file = File::Open(scratch.NewFile("file"), O_RDWR, 0, mode);
  ASSERT_TRUE(file.ok()) << file.status();
  if (medium == Medium::kDirect && !file->direct()) {
    GTEST_SKIP() << file->why_buffered();
  }
  Run(scratch, mode);
}

using Case = std::tuple<BackendCase, size_t, Medium>;

std::string CaseName(const testing::TestParamInfo<Case>& info) {
  constexpr const char* kMedia[] = {"direct", "buffered", "tmpfs"};
  const auto& [backend, buffer_bytes, medium] = info.param;
  return backend.name + "_" + std::to_string(buffer_bytes >> 10) + "KiB_" +
         kMedia[static_cast<size_t>(medium)];
}

INSTANTIATE_TEST_SUITE_P(
    All, StreamModelTest,
    testing::Combine(testing::ValuesIn(Backends()),
                     testing::Values(4 << 10, 64 << 10, 1 << 20),
                     testing::Values(Medium::kDirect, Medium::kBuffered,
                                     Medium::kTmpfs)),
    &CaseName);

}  // namespace
}  // namespace uasio
