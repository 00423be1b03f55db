// One queue on two sources: a backend with its own thread, which takes some
// requests and refuses others, and the workers, which do the rest.  Wait(), the
// event fd and Sync() cover both sources and lose no request.

#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "asio/backend.h"
#include "asio/internal/request_transfer.h"
#include "asio/queue.h"
#include "asio/syscalls/perform.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seed.h"
#include "gtest/gtest.h"
#include "workqueue/mutex.h"

namespace uasio {
namespace {

// For each way to wait.
constexpr int kRequests = Scaled(100000) / 3;

// Performs requests in a thread.  Refuses an eighth of them in Start(), and an
// eighth in the thread.
class ThreadBackend final : public Backend {
 public:
  ThreadBackend() : thread_([this] { Serve(); }) {}
  ~ThreadBackend() override {
    {
      MutexLock lock(&mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }

  absl::string_view name() const override { return "thread"; }
  bool Takes(const Request& r) const override { return r.priority % 4 != 0; }

  bool FinishesTransfers() const override { return true; }

  void Attach(int event_fd) override {
    MutexLock lock(&mutex_);
    event_fd_ = event_fd;
  }

  size_t Start(absl::Span<Request* const> batch) override {
    MutexLock lock(&mutex_);
    size_t refused_at_once = 0;
    for (Request* r : batch) {
      if (r->priority % 8 == 1) {
        FinishLocked({r, kRefused, 0});
        ++refused_at_once;
      } else {
        todo_.push_back(r);
      }
    }
    changed_.NotifyAll();
    return refused_at_once;
  }

  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override {
    MutexLock lock(&mutex_);
    while (finished_.size() < min && !HasPassed(deadline)) {
      changed_.WaitUntil(&mutex_, std::chrono::steady_clock::now() +
                                      std::chrono::milliseconds(100));
    }
    size_t count = 0;
    for (; count < out.size() && !finished_.empty(); ++count) {
      out[count] = finished_.front();
      finished_.pop_front();
    }
    return count;
  }

  void Cancel(Request*) override {}

 private:
  void Serve() {
    while (Request* r = Next()) {
      Transfer t = internal::MakeTransfer(*r);
      const bool refused = r->priority % 8 == 2;
      const int64_t result = refused ? kRefused : Perform(&t);
      MutexLock lock(&mutex_);
      FinishLocked({r, result, t.done});
    }
  }

  // nullptr: the backend is being destroyed.
  Request* Next() {
    MutexLock lock(&mutex_);
    while (todo_.empty() && !stopping_) changed_.Wait(&mutex_);
    if (todo_.empty()) return nullptr;
    Request* r = todo_.front();
    todo_.pop_front();
    return r;
  }

  // Signals only the first of the completions that wait for Reap().
  void FinishLocked(const Completion& c) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    finished_.push_back(c);
    if (finished_.size() == 1) eventfd_write(event_fd_, 1);
    changed_.NotifyAll();
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<Request*> todo_ ABSL_GUARDED_BY(mutex_);
  std::deque<Completion> finished_ ABSL_GUARDED_BY(mutex_);
  int event_fd_ ABSL_GUARDED_BY(mutex_) = -1;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

class TwoSourcesTest : public testing::Test {
 protected:
  TwoSourcesTest() : random_(TestSeed(1)) {
    QueueOptions options;
    options.buffer_bytes = 4096;
    options.requests_max = 300;
    options.depth_max = 100;
    queue_ =
        std::make_unique<Queue>(options, std::make_unique<ThreadBackend>());
  }

  // Submits as many as Get() has requests for, up to kRequests in all.
  void SubmitSome(bool as_write_backs = false) {
    while (submitted_ < kRequests) {
      Request* r = queue_->Get();
      if (r == nullptr) return;
      r->priority =
          static_cast<unsigned>(random_() % 64);  // Selects the source.
      r->op = random_() % 4 != 0   ? Op::kNoOp
              : as_write_backs     ? Op::kWriteBack
              : random_() % 2 != 0 ? Op::kRead
                                   : Op::kWrite;
      if (r->op != Op::kNoOp) {
        r->fd = file_.fd();
        r->offset = static_cast<int64_t>(random_() % 100);
        r->length = 1;
        r->buffer[0] = 'a';
      }
      if (r->op == Op::kWriteBack) ++back_;
      queue_->Submit(r);
      ++submitted_;
    }
  }

  void CheckAndPut(Request* r) {
    EXPECT_EQ(r->result, static_cast<int64_t>(r->length));
    EXPECT_TRUE(r->op != Op::kRead || r->buffer[0] == 'a');
    ++back_;
    queue_->Put(r);
  }

  void ExpectAllBack() {
    EXPECT_EQ(submitted_, kRequests);
    EXPECT_EQ(back_, kRequests);
    EXPECT_EQ(queue_->in_flight(), 0u);
    EXPECT_EQ(file_.Contents(), std::string(100, 'a'));
  }

  std::mt19937_64 random_;
  ScratchFile file_{std::string(100, 'a')};
  std::unique_ptr<Queue> queue_;
  int submitted_ = 0;
  int back_ = 0;
};

TEST_F(TwoSourcesTest, WaitCoversBoth) {
  SubmitSome();
  while (Request* r = queue_->WaitUntil(TestDeadline())) {
    CheckAndPut(r);
    SubmitSome();
  }
  ExpectAllBack();
}

TEST_F(TwoSourcesTest, TheEventFdCoversBoth) {
  const int fd = *queue_->event_fd();
  SubmitSome();
  while (back_ < kRequests) {
    pollfd in = {fd, POLLIN, 0};
    ASSERT_EQ(poll(&in, 1, 20000), 1) << "a wake-up is lost";
    while (Request* r = queue_->TryWait()) CheckAndPut(r);
    SubmitSome();
  }
  ExpectAllBack();
}

TEST_F(TwoSourcesTest, SyncCoversBoth) {
  while (back_ < kRequests) {
    SubmitSome(/*as_write_backs=*/true);
    ASSERT_TRUE(queue_->Sync().ok());
    EXPECT_EQ(queue_->in_flight(), 0u);
    while (Request* r = queue_->TryWait()) CheckAndPut(r);
  }
  ExpectAllBack();
}

TEST_F(TwoSourcesTest, TheDestructorCoversBoth) {
  const Fd other = file_.Open(O_RDWR);
  for (int i = 0; i < 100; ++i) {
    Request* r =
        PrepareWrite(queue_.get(), Op::kWriteBack, other.get(), i, "b");
    r->priority = static_cast<unsigned>(i);
    queue_->Submit(r);
  }
  queue_ = nullptr;
  EXPECT_EQ(file_.Contents(), std::string(100, 'b'));
}

// Cannot signal when its no-op finishes, so each Reap() signals instead.
class PolledBackend final : public Backend {
 public:
  int reaps = 0;        // Calls of Reap().
  int finishes_at = 0;  // The Reap() that returns the no-op.

  absl::string_view name() const override { return "polled"; }
  bool Takes(const Request& r) const override { return r.op == Op::kNoOp; }
  void Attach(int event_fd) override { event_fd_ = event_fd; }
  size_t Start(absl::Span<Request* const> batch) override {
    request_ = batch[0];
    return 0;
  }
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override {
    if (++reaps == finishes_at) {
      out[0] = {request_, 0, 0};
      return 1;
    }
    if (min > 0) std::this_thread::sleep_until(deadline);  // Reap() must block.
    eventfd_write(event_fd_, 1);
    return 0;
  }
  void Cancel(Request*) override {}

 private:
  Request* request_ = nullptr;
  int event_fd_ = -1;
};

TEST(PolledSourceTest, WaitReapsItRegularlyWithoutSpinning) {
  auto* polled = new PolledBackend;
  Queue queue({}, std::unique_ptr<Backend>(polled));
  const Pipe pipe;
  Request* by_backend = Submit(&queue, Op::kNoOp);
  Request* by_worker = Submit(&queue, Op::kRead, pipe.read_end.get(),
                              kFilePosition, /*length=*/1);
  const absl::Duration time = absl::Milliseconds(200);
  const int before = polled->reaps;
  EXPECT_EQ(queue.WaitUntil(absl::Now() + time), nullptr);
  EXPECT_LT(polled->reaps - before, time / absl::Microseconds(50));
  pipe.Put("x");
  EXPECT_EQ(Finish(&queue, by_worker), 1);
  by_worker = Submit(&queue, Op::kRead, pipe.read_end.get(), kFilePosition, 1);
  polled->finishes_at = polled->reaps + 20;
  EXPECT_EQ(Finish(&queue, by_backend), 0);
  pipe.Put("x");
  EXPECT_EQ(Finish(&queue, by_worker), 1);
}

}  // namespace
}  // namespace uasio
