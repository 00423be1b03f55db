// A ManualBackend finishes a request only when the test says so, and shows
// which requests are running.
//
// Threads:   one.
// Ownership: the queue owns it, like any backend; the test keeps a pointer.
// Blocks:    never.  A Reap() that would block calls when_awaited() instead,
//            which by default finishes the oldest running request.
//
//   auto* held = new ManualBackend;
//   Queue queue({}, std::unique_ptr<Backend>(held));
//   queue.Submit(r);
//   EXPECT_EQ(held->running.size(), 1);
//   held->Finish(r);

#ifndef UASIO_ASIO_TESTING_MANUAL_BACKEND_H_
#define UASIO_ASIO_TESTING_MANUAL_BACKEND_H_

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "asio/backend.h"
#include "asio/internal/request_transfer.h"
#include "asio/queue.h"
#include "asio/syscalls/perform.h"

namespace uasio {

class ManualBackend final : public Backend {
 public:
  // Behaviour, set by the test.
  std::function<bool(const Request&)> takes = [](const Request&) {
    return true;
  };
  std::function<void()> when_awaited = [this] { Finish(running.front()); };
  bool can_cancel = true;
  bool finishes_transfers = true;

  // Observations.
  std::vector<Request*> running;  // In the order of Start().
  size_t running_max = 0;
  size_t starts = 0;              // Calls of Start().
  size_t starts_before_reap = 0;  // Calls of StartBeforeReap().
  size_t started = 0;             // Requests.
  size_t cancels = 0;             // Calls of Cancel().
  size_t awaited = 0;             // Calls of when_awaited().
  int event_fd = -1;              // Of Attach().

  bool IsRunning(const Request* r) const {
    return std::find(running.begin(), running.end(), r) != running.end();
  }

  // Performs the request, and finishes it with its result.
  void Finish(Request* r) {
    Transfer t = internal::MakeTransfer(*r);
    const int64_t result = Perform(&t);
    FinishAs(r, result, t.done);
  }

  // Finishes the request with the given result, without performing it.
  void FinishAs(Request* r, int64_t result, size_t transferred = 0) {
    running.erase(std::find(running.begin(), running.end(), r));
    finished_.push_back({r, result, transferred});
    Signal();
  }

  void FinishAll() {
    while (!running.empty()) Finish(running.front());
  }

  absl::string_view name() const override { return "held"; }
  bool Takes(const Request& r) const override { return takes(r); }

  bool FinishesTransfers() const override { return finishes_transfers; }

  void Attach(int fd) override { event_fd = fd; }

  size_t Start(absl::Span<Request* const> batch) override {
    ++starts;
    started += batch.size();
    running.insert(running.end(), batch.begin(), batch.end());
    running_max = std::max(running_max, running.size());
    return 0;
  }

  size_t StartBeforeReap(absl::Span<Request* const> batch) override {
    ++starts_before_reap;
    return Start(batch);
  }

  size_t Reap(absl::Span<Completion> out, size_t min, Deadline) override {
    size_t count = MoveTo(out);
    while (count < min) {
      ++awaited;
      when_awaited();
      count += MoveTo(out.subspan(count));
    }
    return count;
  }

  void Cancel(Request* r) override {
    ++cancels;
    if (can_cancel && IsRunning(r)) FinishAs(r, -ECANCELED);
  }

 private:
  size_t MoveTo(absl::Span<Completion> out) {
    size_t count = 0;
    for (; count < out.size() && !finished_.empty(); ++count) {
      out[count] = finished_.front();
      finished_.pop_front();
    }
    return count;
  }

  void Signal() { eventfd_write(event_fd, 1); }

  std::deque<Completion> finished_;
};

// A queue on a ManualBackend.
struct ManualQueue {
  explicit ManualQueue(const QueueOptions& options = {})
      : held(new ManualBackend),
        queue(options, std::unique_ptr<Backend>(held)) {}

  ManualBackend* const held;
  Queue queue;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_MANUAL_BACKEND_H_
