// For tests of kaio and uring: a direct file, and a queue that shows whether
// its workers had anything to do.

#ifndef UASIO_ASIO_BACKENDS_KERNEL_TESTING_H_
#define UASIO_ASIO_BACKENDS_KERNEL_TESTING_H_

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "asio/backends/kaio.h"
#include "asio/backends/table.h"
#include "asio/buffer.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/backend.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "workqueue/worker_pool.h"

namespace uasio {

inline constexpr size_t kBlock = kBufferAlignment;
inline constexpr uid_t kNobody = 65534;

// Whether a child process may become an unprivileged user.
inline bool MayBecomeNobody() {
  const pid_t child = fork();
  if (child == 0) _exit(setuid(kNobody) == 0 ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  return status == 0;
}

// A file in `folder`, or on the disk if that is empty, open with O_DIRECT.
class DirectFile {
 public:
  explicit DirectFile(const std::string& contents,
                      const std::string& folder = "")
      : scratch_(folder) {
    scratch_.NewFile("data", contents);
    auto file = File::Open(path(), O_RDWR);
    EXPECT_TRUE(file.ok()) << file.status();
    if (file.ok()) file_ = *std::move(file);
    why_not_ = file_.why_buffered();
    if (!file_.is_open()) return;
    fsync(fd());  // Allocates its blocks; they then leave the page cache.
    posix_fadvise(fd(), 0, 0, POSIX_FADV_DONTNEED);
  }

  std::string path() const { return scratch_.Path("data"); }
  int fd() const { return file_.fd(); }
  size_t size() const { return static_cast<size_t>(*file_.Size()); }

  // Read directly: a buffered read during a direct write may leave the old
  // bytes in the page cache.
  std::string Contents() const {
    const Buffer buffer = Buffer::Allocate(size() + 1);
    const ssize_t n = pread(fd(), buffer.data(), buffer.size(), 0);
    EXPECT_GE(n, 0);
    return std::string(buffer.data(), static_cast<size_t>(n < 0 ? 0 : n));
  }

  // Why direct I/O does not work there; "" if it does.
  const std::string& why_not() const { return why_not_; }

 private:
  const Scratch scratch_;
  File file_;
  std::string why_not_;
};

// kaio as on a kernel whose ring has an unknown layout.
inline constexpr char kKaioWithoutRing[] = "kaio_without_ring";

inline absl::StatusOr<std::unique_ptr<Backend>> NewKernelBackend(
    const std::string& name, size_t depth_max) {
  if (name != kKaioWithoutRing) return NewBackend(name, depth_max);
  return KaioBackend::CreateWithoutRing(depth_max);
}

// A queue on the backend of that name.
struct KernelQueue {
  explicit KernelQueue(const std::string& name, QueueOptions options = {},
                       size_t backend_depth = 0) {
    options.pool = &pool;
    if (backend_depth == 0) backend_depth = options.depth_max;
    auto backend = NewKernelBackend(name, backend_depth);
    EXPECT_TRUE(backend.ok()) << backend.status();
    queue = std::make_unique<Queue>(
        options, backend.ok() ? *std::move(backend) : nullptr);
  }

  WorkerPool pool;  // Has no threads until a request goes to the workers.
  std::unique_ptr<Queue> queue;
};

// Polls the event fd and calls TryWait(), as an event loop does, until `count`
// requests are back.
inline void ExpectSignaled(Queue* queue, size_t count) {
  const int event_fd = queue->event_fd().value();
  for (size_t back = 0; back < count;) {
    ASSERT_TRUE(TakeSignal(event_fd, 30000)) << back << " are back";
    for (; Request* r = queue->TryWait(); ++back) {
      EXPECT_TRUE(r->status().ok()) << r->status();
      queue->Put(r);
    }
  }
}

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_KERNEL_TESTING_H_
