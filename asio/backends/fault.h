// The fault backend: wraps another one and makes it fail, to test what stands
// on a queue, and as the worked example of a backend.
//
// Threads:   Backend's rules.
// Ownership: it owns the backend that it wraps.
// Order:     that of the wrapped one, unless it is told to mix it up.
// Blocks:    Reap(); never for longer than the wrapped one.
// Errors:    the ones that are asked for.
//
// Faults are scripted (the Nth request of a kind) or drawn at given rates from
// a generator whose seed replays them.  What a queue mends, a short count, an
// EINTR, a refusal, does not show in the results; all else does.
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
#include "asio/backends/crash_log.h"
#include "asio/internal/job_pool.h"

namespace uasio {

enum class Fault : uint8_t {
  kNone,
  kShort,        // A part of the length is transferred.
  kInterrupted,  // EINTR, and nothing is done.
  kTryAgain,     // EAGAIN, likewise.
  kIoError,      // EIO, likewise.
  kNoSpace,      // ENOSPC, likewise; of writes only.
  kRefused,      // The workers are to do it.
  kDelayed,      // Its result comes after another's, or at the next look.
};
inline constexpr size_t kFaults = static_cast<size_t>(Fault::kDelayed) + 1;

struct FaultOptions {
  enum class Kind : uint8_t { kRead, kWrite, kSync, kAny };

  // The `nth` request of `kind`, counted from 1 as they are started: the rest
  // of a short transfer, and one that was interrupted, count again.  No-ops
  // are of no kind but kAny.
  struct Scripted {
    Kind kind;
    uint64_t nth;
    Fault fault;
  };
  std::vector<Scripted> script;

  // The probability of each fault, by its number; for what is not scripted.
  // What is always interrupted never ends.
  double rates[kFaults] = {};

  // Finished requests come back in any order.
  bool reorder = false;

  uint64_t seed = 1;

  // Keeps what each write to a file replaces, for Crash().  All writes and
  // syncs of files come here then; what would go to the workers is performed
  // on the spot.
  bool can_crash = false;
};

class FaultBackend final : public Backend {
 public:
  // REQUIRES: there is a `wrapped`, which nullptr for the workers is not.
  FaultBackend(FaultOptions options, std::unique_ptr<Backend> wrapped);
  ~FaultBackend() override;

  absl::string_view name() const override { return name_; }
  bool Takes(const Request& request) const override;
  void Attach(int event_fd) override;
  void AddBuffers(char* data, size_t size) override {
    wrapped_->AddBuffers(data, size);
  }
  size_t Start(absl::Span<Request* const> batch) override;
  size_t Reap(absl::Span<Completion> out, size_t min,
              Deadline deadline) override;
  void Cancel(Request* request) override;

  // How many faults of each kind there have been.
  uint64_t count(Fault fault) const {
    return counts_[static_cast<size_t>(fault)];
  }

  // Undoes the writes that no sync on their fd has covered, as if the machine
  // had lost power: what they replaced is written back, and files that they
  // made longer are cut.
  // REQUIRES: can_crash; nothing is in flight; the fds are still open.
  absl::Status Crash();

 private:
  struct Job;

  Fault Choose(const Request& request);
  Fault Draw();
  static size_t ShortLength(const Request& request);
  void StartOne(Job* job);
  bool MustSee(const Request& request) const;
  bool KeepForCrash(Job* job);
  void PerformHere(Job* job);
  bool ReapWrapped(size_t min, Deadline deadline);
  void FinishDelayed();
  void AnnounceDelayed();
  void FinishWrapped(const Completion& completion);
  void Finish(Job* job, int64_t result, size_t transferred);

  const FaultOptions options_;
  const std::unique_ptr<Backend> wrapped_;
  const std::string name_;
  std::mt19937_64 random_;  // Of the faults,
  std::mt19937_64 order_;   // and of what comes back when: not replayable.
  int event_fd_ = -1;
  uint64_t started_[4] = {};  // By FaultOptions::Kind.
  uint64_t counts_[kFaults] = {};
  CrashLog crash_log_;

  internal::JobPool<Job> jobs_;
  size_t in_wrapped_ = 0;
  std::vector<Request*> batch_;      // Scratch, of Start().
  std::vector<Completion> raw_;      // Scratch, of ReapWrapped().
  std::vector<Completion> delayed_;  // Until something else has finished.
  CompletionBuffer finished_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_FAULT_H_
