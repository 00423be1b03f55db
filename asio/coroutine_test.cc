// Coroutines on a queue: every awaitable, waiting for a request, cancellation
// by destroying, on every backend.

#include "asio/coroutine.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/seed.h"
#include "asio/testing/task.h"
#include "gtest/gtest.h"

namespace {

std::atomic<size_t> allocations{0};  // Of all threads.

}  // namespace

void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
void* operator new(size_t bytes) {
  if (void* memory = operator new(bytes, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace uasio {
namespace {

class CoroutineTest : public BackendTest {
 protected:
  void Start(size_t requests_max = 8) {
    QueueOptions options;
    options.buffer_bytes = 2 * kBufferAlignment;
    options.requests_max = requests_max;
    options.threads_max = 4;
    queue_ = MakeQueue(options);
    io_ = std::make_unique<CoroutineQueue>(queue_.get());
  }

  void Run() {
    while (io_->in_flight() > 0) queue_->RunHandlers();
  }

  // All requests are free.
  void ExpectIdle() {
    Run();
    std::vector<Request*> all;
    while (Request* request = queue_->Get()) all.push_back(request);
    EXPECT_EQ(all.size(), queue_->options().requests_max);
    for (Request* request : all) queue_->Put(request);
  }

  static File FileOf(const BlockFile& file) {
    return File::Adopt(dup(file.fd()), "file");
  }

  std::unique_ptr<Queue> queue_;
  std::unique_ptr<CoroutineQueue> io_;
};

UASIO_INSTANTIATE_BACKENDS(CoroutineTest);
INSTANTIATE_TEST_SUITE_P(DirectBackends, CoroutineTest,
                         testing::ValuesIn(DirectBackends()),
                         [](const testing::TestParamInfo<BackendCase>& info) {
                           return "direct_" + info.param.name;
                         });

Task WriteSyncAndRead(CoroutineQueue* io, const File& file, size_t block,
                      std::string* got) {
  const std::string text(block, 'w');
  EXPECT_TRUE(
      (co_await io->Write(file, static_cast<int64_t>(block), text)).ok());
  EXPECT_TRUE((co_await io->Fsync(file)).ok());
  EXPECT_TRUE((co_await io->Fdatasync(file)).ok());
  std::vector<char> bytes(2 * block);
  const auto count = co_await io->Read(file, 0, absl::MakeSpan(bytes));
  EXPECT_TRUE(count.ok()) << count.status();
  got->assign(bytes.data(), count.value_or(0));
  const auto end = co_await io->Read(file, static_cast<int64_t>(4 * block),
                                     absl::MakeSpan(bytes));
  EXPECT_EQ(end.value_or(1), 0u) << end.status();
}

TEST_P(CoroutineTest, ReadWhatTheyHaveWritten) {
  Start();
  const BlockFile file = MakeFile("abc");
  const File view = FileOf(file);
  std::string got;
  const Task task = WriteSyncAndRead(io_.get(), view, block(), &got);
  Run();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(TextOf(got), "aw");
  EXPECT_EQ(file.Text(), "awc");
  EXPECT_EQ(queue_->stats().of(Op::kFsync).completed, 1u);
  EXPECT_EQ(queue_->stats().of(Op::kFdatasync).completed, 1u);
  ExpectIdle();
}

Task Fail(CoroutineQueue* io, const File& file, size_t block,
          std::vector<absl::Status>* errors) {
  std::vector<char> bytes(block);
  errors->push_back(
      (co_await io->Read(file, -7, absl::MakeSpan(bytes))).status());
  errors->push_back(co_await io->Write(file, -7, bytes));
}

TEST_P(CoroutineTest, GetErrorsAsAStatus) {
  Start();
  const File none = File::Adopt(-1, "none");
  std::vector<absl::Status> errors;
  const Task task = Fail(io_.get(), none, block(), &errors);
  Run();
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_NE(errors[0].message().find("read"), absl::string_view::npos);
  EXPECT_NE(errors[1].message().find("write"), absl::string_view::npos);
  ExpectIdle();
}

Task ReadInPlace(CoroutineQueue* io, int fd, size_t block, std::string* got) {
  Request* request = co_await io->Get();
  request->fd = fd;
  request->length = block;
  request = co_await io->Submit(request);
  EXPECT_EQ(request->result, static_cast<int64_t>(block));
  EXPECT_TRUE(request->handler == nullptr);  // For Queue::Submit().
  got->assign(request->buffer, request->transferred);
  io->queue()->Put(request);
}

TEST_P(CoroutineTest, UseTheRequestsOwnBuffer) {
  Start();
  const BlockFile file = MakeFile("x");
  std::string got;
  const Task task = ReadInPlace(io_.get(), file.fd(), block(), &got);
  Run();
  EXPECT_EQ(TextOf(got), "x");
  ExpectIdle();
}

Task ReadAndNote(CoroutineQueue* io, const File& file, size_t block, int number,
                 std::vector<int>* order) {
  std::vector<char> bytes(block);
  const auto count = co_await io->Read(file, 0, absl::MakeSpan(bytes));
  EXPECT_EQ(count.value_or(0), block) << count.status();
  order->push_back(number);
}

TEST_P(CoroutineTest, GetTheOnlyRequestFirstComeFirstServed) {
  Start(/*requests_max=*/1);
  const BlockFile file = MakeFile("a");
  const File view = FileOf(file);
  std::vector<int> order;
  std::vector<Task> tasks;
  for (int i = 0; i < 5; ++i) {
    tasks.push_back(ReadAndNote(io_.get(), view, block(), i, &order));
  }
  EXPECT_EQ(io_->waiting(), 4u);
  tasks.erase(tasks.begin() + 2);  // It leaves the line.
  EXPECT_EQ(io_->waiting(), 3u);
  Run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 3, 4}));
  ExpectIdle();
}

TEST_P(CoroutineTest, GetARequestThatSomebodyElseHasPut) {
  Start(/*requests_max=*/1);
  const BlockFile file = MakeFile("a");
  std::string got;
  Request* elsewhere = queue_->Get();
  const Task task = ReadInPlace(io_.get(), file.fd(), block(), &got);
  io_->ResumeWaiting();
  EXPECT_EQ(io_->waiting(), 1u);
  queue_->Put(elsewhere);
  io_->ResumeWaiting();
  Run();
  EXPECT_TRUE(task.done());
  ExpectIdle();
}

TEST_P(CoroutineTest, DoNotOvertakeThoseThatWaitForARequest) {
  Start(/*requests_max=*/1);
  const BlockFile file = MakeFile("a");
  const File view = FileOf(file);
  std::vector<int> order;
  Request* elsewhere = queue_->Get();
  const Task first = ReadAndNote(io_.get(), view, block(), 1, &order);
  queue_->Put(elsewhere);
  const Task second = ReadAndNote(io_.get(), view, block(), 2, &order);
  EXPECT_EQ(io_->waiting(), 2u);
  io_->ResumeWaiting();
  Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  ExpectIdle();
}

Task ReadPipe(CoroutineQueue* io, const File& pipe, absl::Span<char> to) {
  static_cast<void>(co_await io->Read(pipe, kFilePosition, to));
  ADD_FAILURE() << "the coroutine was destroyed";
}

TEST_P(CoroutineTest, DestroyingOneCancelsItsRequest) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  Start(/*requests_max=*/1);
  const Pipe pipe;
  const File view = File::Adopt(dup(pipe.read_end.get()), "pipe");
  std::string to(16, '.');
  {
    const Task task = ReadPipe(io_.get(), view, absl::MakeSpan(to));
    EXPECT_EQ(io_->in_flight(), 1u);
  }
  ExpectIdle();
  EXPECT_EQ(to, std::string(16, '.'));
}

TEST_P(CoroutineTest, TheDestructorWaitsForRequestsOfDestroyedOnes) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  Start();
  const Pipe pipe;
  const File view = File::Adopt(dup(pipe.read_end.get()), "pipe");
  std::string to(16, '.');
  { const Task task = ReadPipe(io_.get(), view, absl::MakeSpan(to)); }
  io_ = nullptr;
  EXPECT_EQ(queue_->in_flight(), 0u);
}

Task ReadTimes(CoroutineQueue* io, const File& file, absl::Span<char> to,
               int count) {
  for (int i = 0; i < count; ++i) {
    const auto got = co_await io->Read(file, 0, to);
    EXPECT_EQ(got.value_or(0), to.size()) << got.status();
  }
}

TEST_P(CoroutineTest, AReadAllocatesNoMemory) {
  if (GetParam().name.find("fault") == 0) GTEST_SKIP() << "faults allocate";
  Start(/*requests_max=*/2);
  const BlockFile file = MakeFile("a");
  const File view = FileOf(file);
  std::string to(block(), '.'), other(block(), '.');
  const auto count = [&](int reads) {
    const size_t before = allocations;
    const Task one = ReadTimes(io_.get(), view, absl::MakeSpan(to), reads);
    const Task two = ReadTimes(io_.get(), view, absl::MakeSpan(other), reads);
    Run();
    EXPECT_TRUE(one.done() && two.done());
    return allocations - before;
  };
  count(100);
  EXPECT_LE(count(1000), count(100) + 100);
}

Task EndQueue(std::unique_ptr<CoroutineQueue>* io, const File& file) {
  static_cast<void>(co_await(*io)->Fdatasync(file));
  *io = nullptr;
}

using CoroutineDeathTest = CoroutineTest;
INSTANTIATE_TEST_SUITE_P(Worker, CoroutineDeathTest,
                         testing::Values(TableCase("worker")), &NameOf);

TEST_P(CoroutineDeathTest, BrokenRulesEndTheProgram) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  Start();
  const Pipe pipe;
  const File view = File::Adopt(dup(pipe.read_end.get()), "pipe");
  std::string to(16, '.');
  EXPECT_DEATH(
      {
        const Task task = ReadPipe(io_.get(), view, absl::MakeSpan(to));
        io_ = nullptr;
      },
      "a coroutine is still suspended in it");
  std::string much(3 * kBufferAlignment, '.');
  EXPECT_DEATH(ReadPipe(io_.get(), view, absl::MakeSpan(much)),
               "the length is more than buffer_bytes");
  EXPECT_DEATH(
      {
        const Task task = EndQueue(&io_, view);
        Run();
      },
      "a coroutine is still suspended in it");
}

Task SubmitOnce(CoroutineQueue* io, Request* request) {
  co_await io->Submit(request);
}

TEST_P(CoroutineDeathTest, ARequestWithAHandler) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  Start();
  Request* r = queue_->Get()->NoOp();
  r->handler = [](Request*) noexcept {};
  EXPECT_DEATH(SubmitOnce(io_.get(), r), "a request that it submits has no");
  r->handler = nullptr;
  queue_->Put(r);
}

TEST_P(CoroutineDeathTest, AForkedChildMayDestroyThem) {
  Start();
  const Pipe pipe;
  const File view = File::Adopt(dup(pipe.read_end.get()), "pipe");
  std::string to(16, '.');
  auto task =
      std::make_unique<Task>(ReadPipe(io_.get(), view, absl::MakeSpan(to)));
  const pid_t child = fork();
  if (child == 0) {
    task = nullptr;
    io_ = nullptr;
    queue_ = nullptr;
    _exit(0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  task = nullptr;
  ExpectIdle();  // Until then the file must stay open.
}

// Each coroutine reads blocks at random until it has had its share.
struct Load {
  CoroutineQueue* io;
  const File* file;
  size_t block;
  std::string text;
  std::mt19937_64 random;
  size_t reads_left;

  size_t Below(size_t bound) { return random() % bound; }
};

Task ReadAtRandom(Load* load) {
  std::string to(load->block, '.');
  while (load->reads_left > 0) {
    --load->reads_left;
    const size_t at = load->Below(load->text.size());
    const auto got = co_await load->io->Read(
        *load->file, static_cast<int64_t>(at * load->block),
        absl::MakeSpan(to));
    EXPECT_EQ(got.value_or(0), load->block) << got.status();
    EXPECT_EQ(to, std::string(load->block, load->text[at]));
  }
}

// Destroys one of `tasks` now and then, and starts another in its place.
void ReplaceAtRandom(Load* load, std::vector<Task>* tasks) {
  while (load->Below(4) == 0) {
    (*tasks)[load->Below(tasks->size())] = Task();
    (*tasks)[load->Below(tasks->size())] = ReadAtRandom(load);
  }
}

void ReadByMany(Load* load, size_t coroutines) {
  std::vector<Task> tasks;
  for (size_t i = 0; i < coroutines; ++i) tasks.push_back(ReadAtRandom(load));
  while (load->io->in_flight() > 0) {
    load->io->queue()->RunHandlers();
    ReplaceAtRandom(load, &tasks);
  }
  EXPECT_EQ(load->reads_left, 0u);
  EXPECT_EQ(load->io->waiting(), 0u);
}

TEST_P(CoroutineTest, ManyAreCancelledAtRandom) {
  Start(/*requests_max=*/32);
  const std::string text = "abcdefghijklmnop";
  const BlockFile file = MakeFile(text);
  const File view = FileOf(file);
  const uint64_t seed = TestSeed(20260731);
  const bool slow = GetParam().name.find("fault") == 0;
  Load load{io_.get(),
            &view,
            block(),
            text,
            std::mt19937_64(seed),
            slow ? size_t{2000} : size_t{100000}};
  ReadByMany(&load, 1000);
  ExpectIdle();
}

}  // namespace
}  // namespace uasio
