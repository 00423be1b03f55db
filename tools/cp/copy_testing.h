// For tests of CopyFile() and CompareFiles(): a fixture with a queue on each
// backend, files, and a thread that writes to a pipe.

#ifndef UASIO_TOOLS_CP_COPY_TESTING_H_
#define UASIO_TOOLS_CP_COPY_TESTING_H_

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "asio/backends/table.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "tools/cp/copy.h"
#include "tools/cp/progress.h"

namespace uasio {

inline File OpenFile(const std::string& path, int flags) {
  absl::StatusOr<File> file = File::Open(path, flags);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *std::move(file) : File();
}

// Makes a File of a duplicate of `fd`.
inline File FileOf(const Fd& fd, const std::string& name) {
  return File::Adopt(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0), name);
}

// Writes `data` to the pipe in a thread, then closes the write end.  Stops
// early if the read end is closed.  `piece` returns how much to write at offset
// `i`.
inline std::thread Feed(
    Pipe* pipe, std::string data,
    std::function<size_t(size_t i)> piece = [](size_t) { return 65536; }) {
  return std::thread([data = std::move(data), piece = std::move(piece),
                      fd = std::make_shared<Fd>(std::move(pipe->write_end))] {
    for (size_t i = 0; i < data.size();) {
      const size_t size = std::min(data.size() - i, piece(i));
      const ssize_t n = write(fd->get(), &data[i], size);
      if (n <= 0) return;
      i += static_cast<size_t>(n);
    }
  });
}

inline std::string ReadAll(const Fd& fd) {
  std::string data;
  char buffer[4096];
  ssize_t n;
  while ((n = read(fd.get(), buffer, sizeof(buffer))) > 0) {
    data.append(buffer, static_cast<size_t>(n));
  }
  return data;
}

class CopyingTest : public testing::TestWithParam<std::string> {
 protected:
  static constexpr size_t kBuffer = 4096;
  static constexpr size_t kDepth = 4;

  static QueueOptions SmallOptions() {
    QueueOptions options;
    options.buffer_bytes = kBuffer;
    options.writebacks_max = kDepth;
    options.requests_max = options.depth_max = 2 * kDepth;
    return options;
  }

  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    MakeQueue(SmallOptions());
  }
  void TearDown() override {
    if (queue_ != nullptr) ExpectIdle();
  }

  void MakeQueue(const QueueOptions& options) {
    auto backend = NewBackend(GetParam(), options.depth_max);
    if (!backend.ok()) GTEST_SKIP() << backend.status();
    queue_ = std::make_unique<Queue>(options, *std::move(backend));
  }

  // Expects that nothing is in flight or lent, and that no error is kept.
  void ExpectIdle() {
    EXPECT_EQ(queue_->in_flight(), 0u);
    EXPECT_EQ(queue_->ledger().status().message(), "");
    std::vector<Request*> all;
    while (Request* request = queue_->Get()) all.push_back(request);
    EXPECT_EQ(all.size(), queue_->options().requests_max);
    for (Request* request : all) queue_->Put(request);
  }

  absl::StatusOr<int64_t> RunCopy(CopyEnd source, CopyEnd target,
                                  size_t depth = kDepth) {
    absl::StatusOr<int64_t> copied =
        CopyFile(queue_.get(), source, target, depth, &progress_);
    ExpectIdle();
    return copied;
  }

  void ExpectCopied(const File& source, const std::string& contents,
                    size_t depth = kDepth) {
    const std::string path = scratch_.NewFile("copy");
    const File target = OpenFile(path, O_RDWR);
    const auto copied = RunCopy({&source, false}, {&target, false}, depth);
    ASSERT_TRUE(copied.ok()) << copied.status();
    EXPECT_EQ(*copied, static_cast<int64_t>(contents.size()));
    EXPECT_TRUE(Contents(path) == contents);
  }

  const Scratch scratch_;
  std::unique_ptr<Queue> queue_;
  Progress progress_ = Progress(Progress::When::kNever);
};

#define UASIO_INSTANTIATE_ON_BACKENDS(suite)                                   \
  INSTANTIATE_TEST_SUITE_P(Backends, suite, testing::ValuesIn(BackendNames()), \
                           [](const auto& info) { return info.param; })

}  // namespace uasio

#endif  // UASIO_TOOLS_CP_COPY_TESTING_H_
