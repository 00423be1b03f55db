// A queue in an epoll loop with a pipe, a socket and a timer: a million
// requests to the kernel and to the workers lose no wake-up and interrupt no
// system call of the program; while everything is blocked, it wakes up twice at
// most.

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/testing/backends.h"
#include "asio/testing/block_file.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr int kRequests = Scaled(1000000);
constexpr int kDirectRequests = kRequests / 10;  // Disks are slow.
constexpr size_t kBlockBytes = 64;
constexpr size_t kDirectBytes = 4096;
constexpr size_t kBlocks = 32;
constexpr auto kLost = absl::Seconds(20);  // A wake-up this late is lost.

Fd Timer(int64_t first_ms, int64_t interval_ms) {
  Fd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  const itimerspec spec = {{0, interval_ms * 1000000}, {0, first_ms * 1000000}};
  EXPECT_EQ(timerfd_settime(timer.get(), 0, &spec, nullptr), 0);
  return timer;
}

class EpollLoop {
 public:
  // `direct`: submits direct reads instead of no-ops.
  EpollLoop(Queue* queue, bool direct)
      : requests(direct ? kDirectRequests : kRequests),
        queue_(queue),
        reads_(direct) {
    queue_fd_ = *queue->event_fd();
    for (const int fd : {queue_fd_, int{timer_.get()},
                         int{pipe_.read_end.get()}, int{sockets_.here.get()}}) {
      epoll_event event = {};
      event.events = EPOLLIN;
      event.data.fd = fd;
      EXPECT_EQ(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), 0);
    }
  }

  // Calls the queue once, and then only when its event fd is readable.
  void Run() {
    ServeQueue();
    absl::Time served = absl::Now();
    while (!IsDone()) {
      epoll_event events[4];
      const int count = epoll_wait(epoll_.get(), events, 4, 1000);
      if (count < 0 && errno == EINTR) ++interrupted;
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == queue_fd_) {
          served = absl::Now();
          ++queue_events;
          ServeQueue();
        } else {
          ServeOther(events[i].data.fd);
        }
      }
      ASSERT_LT(absl::Now() - served, kLost) << "a wake-up is lost";
    }
  }

  const int requests;  // To submit in all.
  int returned = 0;
  int handled = 0;
  int writebacks = 0;
  int piped = 0;     // Bytes received from the pipe.
  int received = 0;  // Bytes received from the socket.
  int ticks = 0;
  int queue_events = 0;
  int interrupted = 0;  // System calls of this loop that gave EINTR.

 private:
  bool IsDone() const {
    return returned + handled + writebacks == requests &&
           queue_->in_flight() == 0;
  }

  void ServeQueue() {
    while (Request* r = queue_->TryWait()) {
      ++returned;
      CheckAndPut(r);
    }
    while (submitted_ < requests && SubmitSome()) {
    }
  }

  void ServeOther(int fd) {
    char bytes[4096];
    const ssize_t n = read(fd, bytes, sizeof(bytes));
    if (n < 0 && errno == EINTR) ++interrupted;
    if (n <= 0) return;
    if (fd == timer_.get()) {
      ++ticks;
    } else if (fd == sockets_.here.get()) {
      received += static_cast<int>(n);
    } else {
      piped += static_cast<int>(n);
    }
  }

  // Submits a batch of up to 24 requests; false: Get() has none.
  bool SubmitSome() {
    std::vector<Request*> batch;
    while (batch.size() < 24 && submitted_ < requests) {
      Request* r = queue_->Get();
      if (r == nullptr) break;
      Fill(r, submitted_++);
      batch.push_back(r);
    }
    queue_->Submit(batch);
    return !batch.empty();
  }

  void Fill(Request* r, int i) {
    r->op = Op::kNoOp;
    r->user_data = this;
    if (i % 16 == 2) r->handler = &Handler;
    if (i % 64 == 0 || i % 64 == 1) {  // A write-back, a read held by it.
      const size_t block = static_cast<size_t>(i / 64);
      r->op = i % 64 == 0 ? Op::kWriteBack : Op::kRead;
      const bool direct = block % 2 != 0;
      r->fd = direct ? direct_->fd() : file_.fd();
      r->length = direct ? kDirectBytes : kBlockBytes;
      r->offset = static_cast<int64_t>(block % kBlocks * r->length);
      if (r->op == Op::kRead) r->priority = static_cast<unsigned>(block);
      if (r->op == Op::kRead) return;
      std::memset(r->buffer, static_cast<char>(block), r->length);
      ++writebacks;
    } else if (i % 512 == 3) {
      r->op = Op::kWrite;
      r->fd = i % 1024 == 3 ? pipe_.write_end.get() : sockets_.there.get();
      r->offset = kFilePosition;
      r->length = 1;
    } else if (reads_) {
      const size_t block = static_cast<size_t>(i) % kBlocks;
      r->op = Op::kRead;
      r->fd = zeros_.fd();
      r->length = kDirectBytes;
      r->offset = static_cast<int64_t>(block * kDirectBytes);
    }
  }

  static void Handler(Request* r) noexcept {
    auto* self = static_cast<EpollLoop*>(r->user_data);
    ++self->handled;
    self->CheckAndPut(r);
  }

  void CheckAndPut(Request* r) {
    EXPECT_EQ(r->result, static_cast<int64_t>(r->length));
    if (r->op == Op::kRead) {
      const auto block = static_cast<char>(r->priority);
      EXPECT_EQ(BytesOf(*r), std::string(r->length, block));
    }
    queue_->Put(r);
  }

  Queue* const queue_;
  const bool reads_;
  const BlockFile zeros_{reads_, std::string(kBlocks, '\0')};
  const Fd epoll_{epoll_create1(EPOLL_CLOEXEC)};
  const Fd timer_ = Timer(1, 1);
  const Pipe pipe_;
  const ScratchFile file_;
  const ScratchFile scratch_;  // The file that direct_ opens again.
  const absl::StatusOr<File> direct_ = File::Open(scratch_.path(), O_RDWR);
  const SocketPair sockets_;
  int queue_fd_;
  int submitted_ = 0;
};

class EventLoopTest : public BackendTest {};
UASIO_INSTANTIATE_BACKENDS(EventLoopTest);
UASIO_INSTANTIATE_DIRECT_BACKENDS(EventLoopTest);

TEST_P(EventLoopTest, AMillionRequestsLoseNoWakeUp) {
  QueueOptions options;
  options.buffer_bytes = 4096;
  options.requests_max = 512;
  options.depth_max = 64;
  options.writebacks_max = 4;
  const auto queue = MakeQueue(options);
  EpollLoop loop(queue.get(), GetParam().direct);
  loop.Run();
  EXPECT_EQ(queue->TryWait(), nullptr);
  EXPECT_EQ(loop.handled, loop.requests / 16);
  if (counted()) {
    EXPECT_GT(answered(), static_cast<size_t>(loop.requests) / 10 * 9);
  }
  EXPECT_EQ(loop.interrupted, 0);
  EXPECT_GT(loop.piped, 0);
  EXPECT_GT(loop.received, 0);
  EXPECT_GT(loop.ticks, 0);
  RecordProperty("queue_events", loop.queue_events);
}

// Drains `fd` by TryWait() for `ms`; returns how often it became readable.
int CountWakeUps(Queue* queue, int fd, int ms) {
  const Fd timer = Timer(ms, 0);
  pollfd fds[] = {{fd, POLLIN, 0}, {timer.get(), POLLIN, 0}};
  int wake_ups = 0;
  while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
    ++wake_ups;
    EXPECT_EQ(queue->TryWait(), nullptr);
  }
  return wake_ups;
}

constexpr int kObservedMs = 200;

// Submits requests that wait in every way: running, held, in the backlog, with
// a handler, as a write-back.
void BlockEverything(Queue* queue, const Pipe& a, const Pipe& b) {
  for (int i = 0; i < 20; ++i) {
    Request* r = Prepare(queue, Op::kRead,
                         i % 2 == 0 ? a.read_end.get() : b.read_end.get(),
                         kFilePosition, 1);
    if (i % 3 == 0) r->handler = [](Request*) noexcept {};
    queue->Submit(r);
  }
  Submit(queue, Op::kWriteBack, a.read_end.get(), kFilePosition, 1);
}

TEST_P(EventLoopTest, FewWakeUpsWhileEverythingIsBlocked) {
  UASIO_SKIP_IF_PERFORMED_AT_SUBMIT();
  Pipe a, b;
  QueueOptions options;
  options.depth_max = 2;
  const auto queue = MakeQueue(options);
  const int fd = *queue->event_fd();
  BlockEverything(queue.get(), a, b);
  EXPECT_LE(CountWakeUps(queue.get(), fd, kObservedMs), 2);
  a.write_end.Close();
  b.write_end.Close();
  queue->Sync().IgnoreError();
  EXPECT_FALSE(
      queue->Forget(a.read_end.get()).ok());  // The write-back has failed.
}

absl::Duration CpuTimeOfThisThread() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return absl::DurationFromTimespec(now);
}

// The event fd has been signaled before: a Wait() that did not read it would
// find it readable again and again.
TEST(EventLoopOfTwoSourcesTest, WaitOnBothDoesNotSpin) {
  const Pipe pipe;
  ManualQueue q;
  q.held->takes = [](const Request& r) { return r.op == Op::kNoOp; };
  Submit(&q.queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  Request* r = Submit(&q.queue, Op::kNoOp);
  Submit(&q.queue, Op::kNoOp);
  q.held->Finish(r);
  EXPECT_EQ(Finish(&q.queue, r), 0);
  const absl::Duration before = CpuTimeOfThisThread();
  const auto observed = absl::Milliseconds(kObservedMs);
  EXPECT_EQ(q.queue.WaitUntil(absl::Now() + observed), nullptr);
  EXPECT_LT(CpuTimeOfThisThread() - before, observed / 4);
  q.held->FinishAll();
  pipe.Put("x");
  EXPECT_EQ(FinishAll(&q.queue), 2u);
}

TEST(EventLoopOfTwoSourcesTest, FewWakeUpsWhileBothAreBlocked) {
  Pipe a, b;
  ManualQueue q;
  q.held->takes = [](const Request& r) { return r.op == Op::kNoOp; };
  const int fd = *q.queue.event_fd();
  BlockEverything(&q.queue, a, b);
  Submit(&q.queue, Op::kNoOp);
  EXPECT_LE(CountWakeUps(&q.queue, fd, kObservedMs), 2);
  q.held->FinishAll();
  a.write_end.Close();
  b.write_end.Close();
  q.queue.Sync().IgnoreError();
  EXPECT_FALSE(q.queue.Forget(a.read_end.get()).ok());
}

}  // namespace
}  // namespace uasio
