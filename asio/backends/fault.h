// The fault backend wraps another backend and injects faults, to test code that
// uses a queue.
//
// Threads:   Backend's rules.
// Ownership: it owns the backend that it wraps.
// Order:     that of the wrapped backend; random with FaultOptions::reorder.
// Blocks:    Reap(); never for longer than the wrapped backend.
// Errors:    the injected ones.
//
// Faults are scripted (the Nth request of a kind) or drawn at given rates from
// a generator; the same seed draws the same faults.  Results do not show short
// transfers, EINTR, refusals, and EAGAIN on fds with a size without RWF_NOWAIT,
// since the queue recovers from these; results show all other errors.  If the
// wrapped backend FinishesTransfers(), these faults are not injected: the
// workers must not do requests of a backend that may change the bytes.
//
//   FaultOptions options;
//   options.script.push_back({FaultOptions::Kind::kWrite, 3, Fault::kNoSpace});
//   Queue queue({}, std::make_unique<FaultBackend>(
//                       options, std::make_unique<SyncBackend>()));

#ifndef UASIO_ASIO_BACKENDS_FAULT_H_
#define UASIO_ASIO_BACKENDS_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "asio/backend.h"
#include "asio/backends/completion_buffer.h"

namespace uasio {

class CrashLog;

namespace internal {
template <typename Job>
class JobPool;
}

enum class Fault : uint8_t {
  kNone,
  kShort,        // About half of the rest is transferred.
  kInterrupted,  // EINTR; nothing is transferred.
  kTryAgain,     // EAGAIN; nothing is transferred.
  kIoError,      // EIO; nothing is transferred.
  kNoSpace,      // ENOSPC; nothing is transferred.  Writes only.
  kRefusal,      // Not performed; the workers must do it.
  kDelayed,      // Completes after another request, or at the next Reap().
};
inline constexpr size_t kFaults = static_cast<size_t>(Fault::kDelayed) + 1;

struct FaultOptions {
  enum class Kind : uint8_t { kRead, kWrite, kSync, kAny };

  // The `nth` request of `kind`, counted from 1 in the order of Start().  A
  // resubmitted request counts again.  No-ops count as kAny only.
  struct Scripted {
    Kind kind;
    uint64_t nth;
    Fault fault;
  };
  std::vector<Scripted> script;

  // The probability of each fault, indexed by Fault; for requests that are not
  // scripted.  With kInterrupted at 1 no request ever completes.
  double rates[kFaults] = {};

  // Completions are reaped in random order.
  bool reorder = false;

  uint64_t seed = 1;

  // Records the bytes that each write to a file replaces, for Crash().  The
  // backend then takes all writes and syncs of files, and performs inside
  // Start() or Reap() those that would otherwise go to the workers.
  bool can_crash = false;
};

class FaultBackend final : public Backend {
 public:
  // REQUIRES: `wrapped` is not nullptr; it cannot wrap the workers.
  FaultBackend(FaultOptions options, std::unique_ptr<Backend> wrapped);
  ~FaultBackend() override;

  absl::string_view name() const override { return name_; }
  bool Takes(const Request& request) const override;
  bool FinishesTransfers() const override {
    return wrapped_->FinishesTransfers();
  }
  void Attach(int event_fd) override;
  void AddBuffers(char* data, size_t size) override {
    wrapped_->AddBuffers(data, size);
  }
  bool RemoveBuffers(char* data, size_t size) override {
    return wrapped_->RemoveBuffers(data, size);
  }
  void AddFile(int fd) override { wrapped_->AddFile(fd); }
  void RemoveFile(int fd) override { wrapped_->RemoveFile(fd); }
  void Reserve(size_t requests_max) override;
  size_t Start(absl::Span<Request* const> batch) override;
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override;
  void Cancel(Request* request) override;

  // How many requests have had this fault so far.
  uint64_t count(Fault fault) const {
    return counts_[static_cast<size_t>(fault)];
  }

  // Undoes the writes that no sync on their fd has covered, as if the machine
  // had lost power (a write with RWF_DSYNC or RWF_SYNC syncs its fd, too):
  // restores the bytes that they replaced, and truncates the files that they
  // extended.  It does not undo ftruncate(2), which a Writer uses to cut its
  // file.  So no file gets longer.
  // REQUIRES: can_crash; nothing is in flight; the fds are still open.
  absl::Status Crash();

 private:
  struct Job;

  Fault ChooseFault(const Request& request);
  Fault DrawFault();
  static size_t ShortLength(const Request& request);
  bool IsPossible(Fault fault, const Request& request) const;
  void StartOne(Job* job);
  bool NeedsCrashLog(const Request& request) const;
  bool RecordForCrash(Job* job);
  void PerformInline(Job* job);
  bool ReapWrapped(size_t min, Deadline deadline);
  void FinishDelayed();
  void SignalDelayed();
  void FinishWrapped(const Completion& completion);
  void Finish(Job* job, int64_t result, size_t transferred);

  const FaultOptions options_;
  const std::unique_ptr<Backend> wrapped_;
  const std::string name_;
  std::mt19937_64 fault_random_;    // The seed replays it.
  std::mt19937_64 reorder_random_;  // Not replayable: depends on timing.
  int event_fd_ = -1;
  uint64_t started_[4] = {};  // Requests, by FaultOptions::Kind.
  uint64_t counts_[kFaults] = {};
  const std::unique_ptr<CrashLog> crash_log_;

  const std::unique_ptr<internal::JobPool<Job>> jobs_;
  size_t in_wrapped_ = 0;
  std::vector<Request*> batch_;      // Scratch space of Start().
  std::vector<Completion> raw_;      // Scratch space of ReapWrapped().
  std::vector<Completion> delayed_;  // Until another request completes.
  std::vector<Completion> late_;     // Scratch space of ReapWrapped().
  CompletionBuffer finished_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_FAULT_H_
