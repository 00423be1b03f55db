// Reads and writes single bytes of a file that is in the page cache: by a
// Reader and a Writer, and by stdio with a buffer of the same size.
//
//   bazel run -c opt //asio/streams:stream_benchmark

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"
#include "asio/temporary.h"
#include "benchmark/benchmark.h"

namespace uasio {
namespace {

constexpr int64_t kBytes = int64_t{1} << 30;
constexpr int64_t kBuffer = 256 << 10;

// A temporary file in the folder UASIO_BENCHMARK_FOLDER; by default, in memory.
File MakeFile() {
  const char* folder = std::getenv("UASIO_BENCHMARK_FOLDER");
  absl::StatusOr<File> file = OpenTemporary(
      folder != nullptr ? folder : "/dev/shm", File::Mode::kBuffered);
  if (!file.ok()) {
    std::fprintf(stderr, "%s\n", file.status().ToString().c_str());
    std::exit(1);
  }
  return *std::move(file);
}

const File& FullFile() {
  static const File* const file = [] {
    auto* made = new File(MakeFile());
    Writer writer(made);
    for (int64_t i = 0; i < kBytes; ++i) writer.PutC(static_cast<char>(i));
    if (!writer.Close().ok()) std::exit(1);
    return made;
  }();
  return *file;
}

QueueOptions Options(const benchmark::State& state) {
  QueueOptions options;
  options.buffer_bytes = static_cast<size_t>(state.range(0));
  return options;
}

void Count(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * kBytes);
}

void BM_ReaderGetC(benchmark::State& state) {
  Queue queue(Options(state));
  for (auto _ : state) {
    StreamOptions options;
    options.queue = &queue;
    Reader reader(&FullFile(), options);
    uint64_t sum = 0;
    for (int c; (c = reader.GetC()) >= 0;) sum += static_cast<uint64_t>(c);
    benchmark::DoNotOptimize(sum);
    if (reader.Tell() != kBytes) state.SkipWithError("short");
  }
  Count(state);
}

FILE* Stdio(int fd, const char* mode, std::vector<char>* buffer) {
  const int own = dup(fd);
  lseek(own, 0, SEEK_SET);
  FILE* file = fdopen(own, mode);
  setvbuf(file, buffer->data(), _IOFBF, buffer->size());
  return file;
}

void BM_GetcUnlocked(benchmark::State& state) {
  std::vector<char> buffer(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    FILE* file = Stdio(FullFile().fd(), "r", &buffer);
    uint64_t sum = 0;
    for (int c; (c = getc_unlocked(file)) >= 0;)
      sum += static_cast<uint64_t>(c);
    benchmark::DoNotOptimize(sum);
    fclose(file);
  }
  Count(state);
}

void BM_WriterPutC(benchmark::State& state) {
  const File file = MakeFile();
  Queue queue(Options(state));
  for (auto _ : state) {
    StreamOptions options;
    options.queue = &queue;
    Writer writer(&file, options);
    for (int64_t i = 0; i < kBytes; ++i) writer.PutC(static_cast<char>(i));
    if (!writer.Close().ok()) state.SkipWithError("failed");
  }
  Count(state);
}

void BM_PutcUnlocked(benchmark::State& state) {
  const File file = MakeFile();
  std::vector<char> buffer(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    FILE* out = Stdio(file.fd(), "w", &buffer);
    for (int64_t i = 0; i < kBytes; ++i) {
      putc_unlocked(static_cast<char>(i), out);
    }
    fclose(out);
  }
  Count(state);
}

// A whole file that is not in the page cache, from opening to closing; on a
// disk if UASIO_BENCHMARK_FOLDER is on one.
void BM_ReadColdFile(benchmark::State& state) {
  const File file = MakeFile();
  const std::string name = "/proc/self/fd/" + std::to_string(file.fd());
  const auto bytes = static_cast<size_t>(state.range(0));
  Writer writer(&file);
  writer.Write(std::string(bytes, 'x'));
  if (!writer.Fsync().ok() || !writer.Close().ok()) std::exit(1);
  ReaderOptions options;
  options.mode =
      state.range(1) != 0 ? File::Mode::kDirect : File::Mode::kBuffered;
  std::vector<char> to(bytes);
  for (auto _ : state) {
    state.PauseTiming();
    posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
    state.ResumeTiming();
    absl::StatusOr<Reader> reader = Reader::Open(name, options);
    if (reader->Read(to.data(), bytes) != bytes) state.SkipWithError("short");
    if (!reader->Close().ok()) state.SkipWithError("failed");
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}
BENCHMARK(BM_ReadColdFile)
    ->ArgNames({"bytes", "direct"})
    ->ArgsProduct({{4 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 64 << 20},
                   {0, 1}})
    ->UseRealTime();

BENCHMARK(BM_ReaderGetC)->Arg(kBuffer)->UseRealTime();
BENCHMARK(BM_GetcUnlocked)->Arg(kBuffer)->UseRealTime();
BENCHMARK(BM_WriterPutC)->Arg(kBuffer)->UseRealTime();
BENCHMARK(BM_PutcUnlocked)->Arg(kBuffer)->UseRealTime();

}  // namespace
}  // namespace uasio
