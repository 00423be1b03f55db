// Counts the lines of files, all at the same time: one coroutine for each.
//
//   bazel run //examples:coroutine -- FILE...
//
// The Task below is all that a program needs to use asio/coroutine.h without a
// coroutine library.

#include "asio/coroutine.h"

#include <fcntl.h>

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "asio/file.h"
#include "asio/queue.h"

namespace {

// A coroutine that starts at once and returns a T, to be awaited once.
template <typename T>
class Task {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  // Resumes the coroutine that awaits this one, if there is one.
  struct ResumeWaiter {
    bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(Handle ended) noexcept {
      return ended.promise().waiter;
    }
    void await_resume() noexcept {}
  };
  struct promise_type {
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    ResumeWaiter final_suspend() noexcept { return {}; }
    void return_value(T value) { result = std::move(value); }
    void unhandled_exception() noexcept { std::terminate(); }

    std::optional<T> result;
    std::coroutine_handle<> waiter = std::noop_coroutine();
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ~Task() {
    if (handle_) handle_.destroy();  // Cancels what it awaits.
  }

  bool await_ready() const { return handle_.done(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    handle_.promise().waiter = waiter;
  }
  T await_resume() { return *std::move(handle_.promise().result); }

 private:
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;
};

using uasio::CoroutineQueue;
using uasio::File;
using Count = absl::StatusOr<int64_t>;

Task<Count> CountLines(CoroutineQueue* io, const File& file) {
  std::vector<char> block(65536);
  int64_t lines = 0, at = 0;
  while (true) {
    const absl::StatusOr<size_t> got =
        co_await io->Read(file, at, absl::MakeSpan(block));
    if (!got.ok()) co_return got.status();
    if (*got == 0) co_return lines;
    const auto end = block.begin() + static_cast<std::ptrdiff_t>(*got);
    lines += std::count(block.begin(), end, '\n');
    at += static_cast<int64_t>(*got);
  }
}

Task<bool> PrintCount(CoroutineQueue* io, const File& file) {
  const Count lines = co_await CountLines(io, file);
  if (lines.ok()) {
    std::cout << *lines << " " << file.path() << "\n";
  } else {
    std::cerr << lines.status() << "\n";
  }
  co_return lines.ok();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<File> files;
  for (int i = 1; i < argc; ++i) {
    absl::StatusOr<File> file =
        File::Open(argv[i], O_RDONLY, 0, File::Mode::kBuffered);
    if (!file.ok()) return std::cerr << file.status() << "\n", 1;
    files.push_back(*std::move(file));
  }
  uasio::Queue queue;
  CoroutineQueue io(&queue);
  std::vector<Task<bool>> tasks;
  for (const File& file : files) tasks.push_back(PrintCount(&io, file));
  while (io.in_flight() > 0) queue.RunHandlers();
  const bool ok = std::all_of(tasks.begin(), tasks.end(), [](Task<bool>& task) {
    return task.await_ready() && task.await_resume();
  });
  return ok ? 0 : 1;
}
