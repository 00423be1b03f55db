#include "tools/bench/small_streams_engine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/streams/reader.h"
#include "asio/streams/streambuf.h"
#include "asio/streams/writer.h"
#include "tools/bench/driver.h"

namespace uasio::bench {
namespace {

File::Mode ModeOf(const Job& job) {
  return job.direct ? File::Mode::kDirect : File::Mode::kBuffered;
}

absl::Status ShortRead(const Job& job) {
  return absl::DataLossError(absl::StrCat(job.path, " is too short"));
}

absl::Status ReadByReader(const Job& job, Buffer* buffer) {
  ReaderOptions options;
  options.depth = job.depth;
  options.mode = ModeOf(job);
  absl::StatusOr<Reader> in = Reader::Open(job.path, options);
  if (!in.ok()) return in.status();
  const size_t count = in->Read(buffer->data(), job.block_bytes);
  const absl::Status status = in->Close();
  return status.ok() && count < job.block_bytes ? ShortRead(job) : status;
}

absl::Status ReadByIfstream(const Job& job, Buffer* buffer) {
  std::ifstream in(job.path, std::ios::binary);
  in.read(buffer->data(), static_cast<std::streamsize>(job.block_bytes));
  return in ? absl::OkStatus() : ShortRead(job);
}

// A direct read is longer than the file: its length must be aligned.
absl::Status ReadByPread(const Job& job, Buffer* buffer) {
  const int fd = open(job.path.c_str(),
                      O_RDONLY | O_CLOEXEC | (job.direct ? O_DIRECT : 0));
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("open ", job.path));
  struct stat info;
  ssize_t count = fstat(fd, &info);
  if (count == 0) {
    const size_t bytes =
        RoundUp(static_cast<size_t>(info.st_size), kBufferAlignment);
    count = pread(fd, buffer->data(), std::min(bytes, buffer->size()), 0);
  }
  const int error = errno;
  close(fd);
  if (count < 0) return ErrnoStatus(error, absl::StrCat("read ", job.path));
  return static_cast<size_t>(count) < job.block_bytes ? ShortRead(job)
                                                      : absl::OkStatus();
}

// These overwrite the file.  If they emptied it first, ext4 would write it to
// the disk at each close(2), which takes milliseconds.
absl::StatusOr<Writer> OpenWriter(const Job& job) {
  WriterOptions options;
  options.depth = job.depth;
  options.mode = ModeOf(job);
  options.existing = WriterOptions::Existing::kKeep;
  return Writer::Open(job.path, options);
}

std::ofstream OpenOfstream(const Job& job) {
  return std::ofstream(job.path,
                       std::ios::in | std::ios::out | std::ios::binary);
}

absl::Status Close(std::ofstream* out, const Job& job) {
  out->close();
  if (*out) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat("std::ofstream fails: ", job.path));
}

void WriteLines(const Job& job, const char* from, std::ostream* out) {
  for (size_t done = 0; done < job.block_bytes; done += kLineBytes) {
    const size_t line = std::min(kLineBytes, job.block_bytes - done);
    out->write(from + done, static_cast<std::streamsize>(line - 1));
    *out << std::endl;
  }
}

absl::Status WriteByWriter(const Job& job, Buffer* buffer) {
  absl::StatusOr<Writer> out = OpenWriter(job);
  if (!out.ok()) return out.status();
  out->Write({buffer->data(), job.block_bytes});
  return out->Close();
}

absl::Status WriteByOfstream(const Job& job, Buffer* buffer) {
  std::ofstream out = OpenOfstream(job);
  out.write(buffer->data(), static_cast<std::streamsize>(job.block_bytes));
  return Close(&out, job);
}

absl::Status WriteLinesByWriter(const Job& job, Buffer* buffer) {
  absl::StatusOr<Writer> writer = OpenWriter(job);
  if (!writer.ok()) return writer.status();
  {
    WriterStreambuf streambuf(&*writer);
    std::ostream out(&streambuf);
    WriteLines(job, buffer->data(), &out);
  }
  return writer->Close();
}

absl::Status WriteLinesByOfstream(const Job& job, Buffer* buffer) {
  std::ofstream out = OpenOfstream(job);
  WriteLines(job, buffer->data(), &out);
  return Close(&out, job);
}

struct Way {
  const char* engine;
  Workload workload;
  absl::Status (*perform)(const Job& job, Buffer* buffer);  // For one file.
};

constexpr Way kWays[] = {
    {"stream_default", Workload::kSmallRead, ReadByReader},
    {"stream_default", Workload::kSmallWrite, WriteByWriter},
    {"stream_default", Workload::kLines, WriteLinesByWriter},
    {"fstream", Workload::kSmallRead, ReadByIfstream},
    {"fstream", Workload::kSmallWrite, WriteByOfstream},
    {"fstream", Workload::kLines, WriteLinesByOfstream},
    {"pread", Workload::kSmallRead, ReadByPread},
};

const Way* FindWay(absl::string_view engine, Workload workload) {
  for (const Way& way : kWays) {
    if (engine == way.engine && workload == way.workload) return &way;
  }
  return nullptr;
}

class SmallStreamsDriver final : public Driver {
 public:
  explicit SmallStreamsDriver(const Way* way) : way_(way) {}

  absl::Status Prepare(const Job& job) override {
    buffer_ = Buffer::Allocate(RoundUp(job.block_bytes, kBufferAlignment));
    if (buffer_.empty()) return absl::ResourceExhaustedError("no memory");
    std::memset(buffer_.data(), 'x', buffer_.size());
    return absl::OkStatus();
  }

  void Run(Recorder* recorder) override {
    const Job& job = recorder->schedule()->job();
    const int64_t bytes = static_cast<int64_t>(job.block_bytes);
    Operation op;
    bool goes_on = recorder->Begin(&op, NowNs());
    while (goes_on) {
      recorder->UpdateStatus(way_->perform(job, &buffer_));
      goes_on = recorder->Finish(&op, bytes, NowNs());
    }
  }

 private:
  const Way* const way_;
  Buffer buffer_;
};

class SmallStreamsEngine final : public Engine {
 public:
  explicit SmallStreamsEngine(absl::string_view name) : name_(name) {}

  absl::Status Supports(const Job& job) const override {
    if (!IsSmallStream(job.workload)) {
      return absl::UnimplementedError("supports only small streams");
    }
    if (FindWay(name_, job.workload) == nullptr) {
      return absl::UnimplementedError("does not open files for that workload");
    }
    if (job.queues != 1) {
      return absl::UnimplementedError("small streams have one thread");
    }
    if (name_ == "fstream" && job.direct) {
      return absl::UnimplementedError("has no O_DIRECT; use --buffered");
    }
    if (job.workload == Workload::kSmallRead && job.cold && !job.direct) {
      return absl::UnimplementedError(
          "after the first read the file is in the page cache; use "
          "--cache=warm or --direct");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Measurement> Measure(const Job& job) override {
    const Way* const way = FindWay(name_, job.workload);
    return MeasureDrivers(
        job, [way] { return std::make_unique<SmallStreamsDriver>(way); });
  }

 private:
  const std::string name_;
};

}  // namespace

std::unique_ptr<Engine> NewSmallStreamsEngine(absl::string_view name) {
  return std::make_unique<SmallStreamsEngine>(name);
}

}  // namespace uasio::bench
