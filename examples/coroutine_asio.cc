// Copies a file in coroutines of standalone Asio (Debian's libasio-dev), which
// may use sockets and timers of Asio at the same time.
//
//   bazel run //examples:coroutine_asio -- FROM TO
//
// Asio's awaitable takes only operations of Asio's kind, so that Await() makes
// one of a CoroutineQueue's.

#if __has_include(<asio.hpp>)
#define ASIO_STANDALONE 1
#include <asio.hpp>
#endif

#if !defined(ASIO_HAS_CO_AWAIT)

#include <iostream>

int main() {
  std::cerr << "built without Asio's awaitable: install libasio-dev; with "
               "clang, Asio must be newer than 1.22\n";
  return 77;  // For tests: skipped.
}

#else

#include <fcntl.h>
#include <unistd.h>

#include <coroutine>
#include <cstdint>
#include <exception>
#include <iostream>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "asio/coroutine.h"
#include "asio/file.h"
#include "asio/queue.h"

namespace {

using uasio::CoroutineQueue;
using uasio::File;

// A coroutine that nobody awaits; its frame goes when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

template <typename Handler, typename Start>
Detached CallWithResult(Handler handler, Start start) {
  auto result = co_await start();
  std::move(handler)(std::move(result));
}

// What start() returns is an awaitable of a CoroutineQueue.
template <typename Start>
auto Await(Start start) {
  using Result = decltype(start().await_resume());
  return asio::async_initiate<const asio::use_awaitable_t<>&, void(Result)>(
      [](auto handler, Start start) {
        CallWithResult(std::move(handler), std::move(start));
      },
      asio::use_awaitable, std::move(start));
}

asio::awaitable<absl::Status> Copy(CoroutineQueue* io, const File& from,
                                   const File& to) {
  std::vector<char> block(65536);
  int64_t at = 0;
  while (true) {
    const absl::StatusOr<size_t> got = co_await Await(
        [&] { return io->Read(from, at, absl::MakeSpan(block)); });
    if (!got.ok()) co_return got.status();
    if (*got == 0) break;
    const absl::Status written = co_await Await(
        [&] { return io->Write(to, at, absl::MakeSpan(block.data(), *got)); });
    if (!written.ok()) co_return written;
    at += static_cast<int64_t>(*got);
  }
  co_return co_await Await([&] { return io->Fsync(to); });
}

// Runs the queue's handlers whenever its event fd says that one may be due.
asio::awaitable<void> Drive(uasio::Queue* queue, int event_fd) {
  asio::posix::stream_descriptor events(co_await asio::this_coro::executor,
                                        dup(event_fd));
  while (true) {
    co_await events.async_wait(events.wait_read, asio::use_awaitable);
    queue->RunHandlers(absl::InfinitePast());
  }
}

absl::Status Main(const char* from_path, const char* to_path) {
  absl::StatusOr<File> from =
      File::Open(from_path, O_RDONLY, 0666, File::Mode::kBuffered);
  if (!from.ok()) return from.status();
  absl::StatusOr<File> to = File::Open(to_path, O_WRONLY | O_CREAT | O_TRUNC,
                                       0666, File::Mode::kBuffered);
  if (!to.ok()) return to.status();
  uasio::Queue queue;
  const absl::StatusOr<int> event_fd = queue.event_fd();
  if (!event_fd.ok()) return event_fd.status();
  CoroutineQueue io(&queue);
  absl::Status copied;
  asio::io_context context;
  asio::co_spawn(context, Drive(&queue, *event_fd), asio::detached);
  asio::co_spawn(context, Copy(&io, *from, *to),
                 [&](std::exception_ptr, absl::Status status) {
                   copied = status;
                   context.stop();
                 });
  context.run();
  if (!copied.ok()) return copied;
  return queue.Close(&*to);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: coroutine_asio FROM TO\n", 2;
  const absl::Status status = Main(argv[1], argv[2]);
  if (!status.ok()) return std::cerr << status << "\n", 1;
  return 0;
}

#endif
