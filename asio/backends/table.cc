#include "asio/backends/table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "asio/backends/kaio.h"
#include "asio/backends/new_uring.h"
#include "asio/backends/sync.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/file.h"
#include "asio/internal/to_deadline.h"
#include "workqueue/mutex.h"
#include "workqueue/per_process.h"

namespace uasio {
namespace {

using BackendOr = absl::StatusOr<std::unique_ptr<Backend>>;

constexpr absl::Duration kProbeTimeout = absl::Seconds(5);

// After a timeout, which leaks the backend, the next try is as much later, and
// there are at most so many.
constexpr auto kRetryAfter = std::chrono::minutes(5);
constexpr size_t kTimeoutsMax = 4;

struct Row {
  const char* name;
  BackendOr (*create)(size_t depth_max);
};

// In order of preference; NewAutoBackend() never takes a row after the workers.
constexpr Row kTable[] = {
    {"uring", &NewUringBackend},
    {"kaio", &KaioBackend::Create},
    {"worker", [](size_t) -> BackendOr { return std::unique_ptr<Backend>(); }},
    {"sync",
     [](size_t) -> BackendOr {
       return std::unique_ptr<Backend>(std::make_unique<SyncBackend>());
     }},
};

// Reads a block of /dev/zero with `backend`, and checks it.
absl::Status ReadZeros(Backend* backend, const File& zeros, char* block) {
  memset(block, 0xff, kBufferAlignment);
  Request request;
  request.fd = zeros.fd();
  request.buffer = block;
  request.length = kBufferAlignment;
  Request* const batch[] = {&request};
  backend->Start(batch);
  Completion done;
  if (backend->Reap(absl::MakeSpan(&done, 1), 1,
                    internal::ToDeadline(kProbeTimeout)) == 0) {
    return absl::DeadlineExceededError(
        absl::StrCat("a test read did not complete within ",
                     absl::FormatDuration(kProbeTimeout)));
  }
  if (done.result == kRefused) {
    return absl::UnavailableError(
        "the kernel refuses a test read, although the setup succeeded; a "
        "seccomp filter may forbid the calls after the setup");
  }
  request.result = done.result;
  if (!request.status().ok()) return request.status();
  const bool good =
      request.result == static_cast<int64_t>(kBufferAlignment) &&
      std::all_of(block, block + kBufferAlignment, [](char c) { return !c; });
  return good ? absl::OkStatus()
              : absl::DataLossError("a test read of /dev/zero gave wrong data");
}

// What a probe that timed out has left.  Never destroyed: the kernel may still
// write to the block, and the backend's destructor may wait for the read.
struct Stuck {
  Buffer block;
  std::unique_ptr<Backend> backend;
  Stuck* const older;
};
Stuck* stuck = nullptr;  // The newest; used under the lock of Verdicts.

absl::Status Probe(const Row& row) {
  Buffer block = Buffer::Allocate(kBufferAlignment);
  if (block.empty()) return ErrnoStatus(ENOMEM, "no memory for a block");
  BackendOr backend = row.create(1);
  if (!backend.ok()) return backend.status();
  if (*backend == nullptr) return absl::OkStatus();
  absl::StatusOr<File> zeros =
      File::Open("/dev/zero", O_RDONLY, 0, File::Mode::kBuffered);
  if (!zeros.ok()) return zeros.status();
  const absl::Status status = ReadZeros(backend->get(), *zeros, block.data());
  if (absl::IsDeadlineExceeded(status)) {
    stuck = new Stuck{std::move(block), *std::move(backend), stuck};
  }
  return status;
}

// EMFILE, ENFILE, ENOMEM, EAGAIN and EINTR have these codes, and no error that
// stays has.
bool MayPass(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsUnavailable(status);
}

// What is known of the backends, for all threads of a process.
class Verdicts {
 public:
  Verdicts() {
    const absl::Status untried = absl::UnavailableError("not yet tried");
    for (const Row& row : kTable) verdicts_.push_back({row.name, untried});
  }

  std::vector<BackendVerdict> Get() {
    MutexLock lock(&mutex_);
    for (size_t i = 0; i < verdicts_.size(); ++i) {
      if (!MayChange(i)) continue;
      verdicts_[i].status = Probe(kTable[i]);
      if (!absl::IsDeadlineExceeded(verdicts_[i].status)) continue;
      ++timeouts_[i].count;
      timeouts_[i].retry_at = Clock::now() + kRetryAfter;
    }
    return verdicts_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Timeouts {
    size_t count = 0;
    Clock::time_point retry_at;
  };

  bool MayChange(size_t row) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Status& status = verdicts_[row].status;
    if (!absl::IsDeadlineExceeded(status)) return MayPass(status);
    const Timeouts& timeouts = timeouts_[row];
    return timeouts.count < kTimeoutsMax && Clock::now() >= timeouts.retry_at;
  }

  Mutex mutex_;
  std::vector<BackendVerdict> verdicts_ ABSL_GUARDED_BY(mutex_);
  Timeouts timeouts_[std::size(kTable)] ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::vector<std::string> BackendNames() {
  std::vector<std::string> names;
  for (const Row& row : kTable) names.push_back(row.name);
  return names;
}

BackendOr NewBackend(absl::string_view name, size_t depth_max) {
  if (depth_max == 0) {
    return absl::InvalidArgumentError("a backend's depth_max must not be 0");
  }
  if (name == "auto") return NewAutoBackend(depth_max).backend;
  for (const Row& row : kTable) {
    if (name == row.name) return row.create(depth_max);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown backend \"", name, "\"; known: auto, ",
                   absl::StrJoin(BackendNames(), ", ")));
}

std::vector<BackendVerdict> ProbeBackends() {
  static PerProcess<Verdicts> verdicts;
  return verdicts.Get()->Get();
}

BackendChoice NewAutoBackend(size_t depth_max) {
  BackendChoice choice;
  for (const BackendVerdict& verdict : ProbeBackends()) {
    choice.name = verdict.name;
    BackendOr backend = verdict.status.ok()
                            ? NewBackend(verdict.name, depth_max)
                            : BackendOr(verdict.status);
    if (backend.ok()) {
      choice.backend = *std::move(backend);
      break;
    }
    choice.passed_over.push_back({verdict.name, backend.status()});
  }
  return choice;
}

}  // namespace uasio
